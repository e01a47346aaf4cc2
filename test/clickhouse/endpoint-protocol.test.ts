import { rm } from "node:fs/promises";
import { brotliCompressSync, deflateSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { compressFrameSync } from "lz4-napi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedClickHouse, openEmbedded } from "../../processors/clickhouse/embedded.ts";
import { sha256 } from "../../processors/clickhouse/endpoint-accounts.ts";
import { type HttpServer, listen } from "../../processors/clickhouse/endpoint-server.ts";
import { makeFolder } from "./folder.ts";

let folder: string;
let store: EmbeddedClickHouse;
let server: HttpServer;

beforeAll(async () => {
  folder = await makeFolder();
  store = await openEmbedded(folder);
  const accounts = (["reader", "writer", "admin"] as const).map((role) => ({
    name: role,
    role,
    passwordSha256: sha256(`${role}'s password`),
  }));
  server = await listen(store, { host: "127.0.0.1", port: 0, accounts, isLimited: true });
  await store.command("CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a");
});
afterAll(async () => {
  await server.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function call(search: string, init: RequestInit = {}, user = "writer") {
  const account = { "X-ClickHouse-User": user, "X-ClickHouse-Key": `${user}'s password` };
  const headers = { ...account, ...(init.headers as Record<string, string>) };
  const response = await fetch(`${server.url}/${search}`, { ...init, headers });
  const code = response.headers.get("X-ClickHouse-Exception-Code");
  return { status: response.status, code, text: await response.text(), headers: response.headers };
}

const post = (sql: string, user = "writer", search = "") => call(search, { method: "POST", body: sql }, user);

describe("ClickHouse's HTTP protocol", () => {
  it("answers those who only look whether somebody is there", async () => {
    for (const path of ["ping", "replicas_status", ""])
      for (const method of ["GET", "HEAD"]) {
        const response = await fetch(`${server.url}/${path}`, { method });
        expect([response.status, await response.text()]).toEqual([200, method === "GET" ? "Ok.\n" : ""]);
      }
    expect(await call("?query=SELECT+1", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
  });

  it("says who answered, what, and for which query", async () => {
    const { headers } = await call("?query=SELECT+1&query_id=mine");
    expect(headers.get("X-ClickHouse-Query-Id")).toBe("mine");
    expect(headers.get("X-ClickHouse-Format")).toBe("TabSeparated");
    expect(headers.get("X-ClickHouse-Timezone")).toMatch(/^\w/);
    expect(headers.get("X-ClickHouse-Server-Display-Name")).toBe("weir");
    expect(JSON.parse(headers.get("X-ClickHouse-Summary")!)).toMatchObject({ read_rows: "0" });
    expect((await call("?query=SELECT+1")).headers.get("X-ClickHouse-Query-Id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("knows users by the URL, and nobody by a wrong password", async () => {
    const ask = async (search: string) => (await fetch(`${server.url}/?query=SELECT+1&${search}`)).status;
    expect(await ask("user=reader&password=reader%27s+password")).toBe(200);
    expect(await ask("user=reader&password=writer%27s+password")).toBe(401);
    expect(await ask("user=reader")).toBe(401);
    expect(await ask("")).toBe(401);
  });

  it("takes data in every encoding it names, and says of none that it was another", async () => {
    await post("TRUNCATE TABLE t");
    const data = Buffer.from("1\tx\n2\ty\n");
    const bodies = {
      deflate: deflateSync(data),
      br: brotliCompressSync(data),
      zstd: zstdCompressSync(data),
      lz4: compressFrameSync(data),
    };
    for (const [encoding, body] of Object.entries(bodies)) {
      const init = { method: "POST", body: new Uint8Array(body), headers: { "content-encoding": encoding } };
      expect(await call("?query=INSERT+INTO+t+FORMAT+TSV", init)).toMatchObject({ status: 200 });
      const plain = { method: "POST", body: "SELECT 1", headers: { "content-encoding": encoding } };
      expect(await call("", plain)).toMatchObject({ status: 400, code: "354" });
    }
    expect((await post("SELECT count() FROM t")).text).toBe("8\n");
    expect(await post("SELECT 1", "writer", "?compress=1")).toMatchObject({ status: 501, code: "48" });
  });

  it("compresses for those who ask for it in both places", async () => {
    const encoding = async (search: string, accepted: string) => {
      const { headers } = await call(`?query=SELECT+1${search}`, { headers: { "Accept-Encoding": accepted } });
      return headers.get("Content-Encoding");
    };
    expect(await encoding("", "gzip")).toBe(null);
    expect(await encoding("&enable_http_compression=1", "lz4,gzip, deflate")).toBe("gzip");
    expect(await encoding("&enable_http_compression=1", "br;q=0, deflate")).toBe("deflate");
    expect(await encoding("&enable_http_compression=1", "identity")).toBe(null);
    const url = `${server.url}/?query=SELECT+number+FROM+numbers(100000)&enable_http_compression=1&user=reader&password=reader%27s+password`;
    const response = await fetch(url, { headers: { "Accept-Encoding": "zstd" } });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text =
      response.headers.get("Content-Encoding") === "zstd" && bytes[0] === 0x28 ? zstdDecompressSync(bytes) : bytes;
    expect(text.toString().split("\n")).toHaveLength(100_001);
  });

  it("remembers the settings of a session, and nothing else of it", async () => {
    const sql = "SELECT getSetting('max_block_size')";
    const usual = (await post(sql)).text;
    expect(await post("SET max_block_size = 77", "writer", "?session_id=a")).toMatchObject({ status: 200 });
    expect((await post(sql, "writer", "?session_id=a")).text).toBe("77\n");
    expect((await post(sql, "writer", "?session_id=a&max_block_size=78")).text).toBe("78\n");
    expect((await post(sql, "writer", "?session_id=b")).text).toBe(usual);
    expect((await post(sql, "admin", "?session_id=a")).text).toBe(usual);
    expect(await post(sql, "writer", "?session_id=c&session_check=1")).toMatchObject({ status: 404, code: "372" });
    expect(await post("SET readonly = 0", "reader", "?session_id=a")).toMatchObject({ status: 400, code: "115" });
    expect(await post("SET max_threads = 1")).toMatchObject({ status: 403, code: "164" });
    expect(await post("CREATE TEMPORARY TABLE x (a Int8)", "admin")).toMatchObject({ status: 501, code: "48" });
  });

  it("has a session answer one request at a time", async () => {
    const both = await Promise.all([1, 2].map(() => post("SELECT sleep(0.2)", "writer", "?session_id=s")));
    expect(both.map(({ code }) => code).sort()).toEqual(["373", null]);
  });

  it("gives each role what it is for", async () => {
    expect(await post("DROP TABLE IF EXISTS nothing", "reader")).toMatchObject({ code: "164" });
    expect(await post("INSERT INTO t FORMAT TSV\n1\tx", "reader")).toMatchObject({ status: 403, code: "164" });
    expect(await post("DROP TABLE IF EXISTS nothing", "writer")).toMatchObject({ status: 200 });
    expect(await post("SELECT * FROM file('/etc/hostname', 'LineAsString')", "writer")).toMatchObject({ code: "164" });
    const infile = "INSERT INTO t FROM INFILE '/etc/hostname' FORMAT TSV";
    expect(await post(infile, "writer")).toMatchObject({ code: "164" });
    expect(await post("SELECT count() > 0 FROM file('/proc/self/stat', 'LineAsString')", "admin")).toMatchObject({
      text: "1\n",
    });
  });

  it("caps what a query may take, whatever it says", async () => {
    const sql = "SELECT getSetting('max_result_bytes'), getSetting('max_execution_time')";
    expect((await post(sql, "reader")).text).toBe("4294967296\t600\n");
    expect((await post(sql, "reader", "?max_result_bytes=0&max_execution_time=7")).text).toBe("4294967296\t7\n");
    expect(await post("SELECT 1 SETTINGS max_result_bytes = 0", "reader")).toMatchObject({ status: 403, code: "452" });
    const large = "SELECT number FROM numbers(1000000)";
    expect(await post(large, "reader", "?max_result_bytes=1000")).toMatchObject({ status: 500, code: "396" });
  });

  it("tells an error that comes late with the status, and without the file it wrote to", async () => {
    const late = "SELECT throwIf(number = 900000) FROM numbers(1000000)";
    expect(await post(late)).toMatchObject({ status: 500, code: "395" });
    const broken = await post("SELECT (");
    expect(broken).toMatchObject({ status: 400, code: "62" });
    expect(broken.text).not.toMatch(/OUTFILE|weir it/);
  });

  it("gives formats of every kind whole, also those with a beginning and an end", async () => {
    const answer = JSON.parse(
      (await post("SELECT number AS n FROM numbers(200000) FORMAT JSONCompact -- all\n;")).text,
    );
    expect([answer.rows, answer.data.length]).toEqual([200_000, 200_000]);
    expect((await post("(SELECT 1) UNION ALL (SELECT 1) SETTINGS max_threads = 1 FORMAT CSV")).text).toBe("1\n1\n");
    expect((await post("SELECT 1 FORMAT Null")).text).toBe("");
    expect((await post("SELECT 1 FORMAT CSV SETTINGS max_threads = 1")).text).toBe("1\n");
    expect((await post("EXISTS TABLE t")).text).toBe("1\n");
  });
});
