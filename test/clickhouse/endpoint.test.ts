import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedClickHouse, openEmbedded } from "../../processors/clickhouse/embedded.ts";
import { type Endpoint, startEndpoint } from "../../processors/clickhouse/endpoint.ts";
import { type EndpointFile, readEndpointFile } from "../../processors/clickhouse/endpoint-file.ts";
import { makeFolder } from "./folder.ts";

let folder: string;
let store: EmbeddedClickHouse;
let endpoint: Endpoint;
let users: EndpointFile["users"];
let writer: ClickHouseClient;
let reader: ClickHouseClient;

beforeAll(async () => {
  folder = await makeFolder();
  store = await openEmbedded(folder);
  endpoint = await startEndpoint(store, folder);
  users = (await readEndpointFile(folder))!.users;
  const common = { url: endpoint.url, database: "weir", log: { level: ClickHouseLogLevel.OFF } };
  writer = createClient({
    ...common,
    username: "writer",
    password: users.writer,
    compression: { request: true, response: true },
  });
  reader = createClient({ ...common, username: "reader", password: users.reader });
  await store.command("CREATE TABLE t (a UInt64, s String DEFAULT 'none') ENGINE = MergeTree ORDER BY a");
});
afterAll(async () => {
  await writer.close();
  await reader.close();
  await endpoint.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const basic = (user: keyof EndpointFile["users"]) => ({
  authorization: `Basic ${Buffer.from(`${user}:${users[user]}`).toString("base64")}`,
});

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(`${endpoint.url}${path}`, init);
  const code = response.headers.get("X-ClickHouse-Exception-Code");
  return { status: response.status, code, text: await response.text(), headers: response.headers };
}

describe("the endpoint and an unmodified client", () => {
  it("pings, commands, inserts and queries", async () => {
    expect((await writer.ping()).success).toBe(true);
    expect((await writer.ping({ select: true })).success).toBe(true);
    await writer.command({ query: "TRUNCATE TABLE {t:Identifier}", query_params: { t: "t" } });
    const rows = [{ a: "1", s: "x\n\nDROP TABLE t\n\n" }, { a: "18446744073709551615" }];
    await writer.insert({ table: "t", values: rows, format: "JSONEachRow" });
    await writer.insert({ table: "t", values: [[3, "é"]], columns: ["a", "s"], format: "JSONCompactEachRow" });
    const result = await reader.query({
      query: "SELECT a, s FROM t ORDER BY a",
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    });
    expect(await result.json()).toEqual([rows[0], { a: "3", s: "é" }, { ...rows[1], s: "none" }]);
  });

  it("gives parameters back as they were sent, in strings and in lists", async () => {
    const text = fc.string({ unit: "binary" }).filter((s) => s.isWellFormed());
    const nasty = fc.stringMatching(/^[\\'"`\n\t\r,nt0[\]{}N]{0,8}$/);
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, nasty), fc.array(nasty, { maxLength: 3 }), async (a, b) => {
        const result = await reader.query({
          query: "SELECT {a:String} AS a, {b:Array(String)} AS b",
          format: "JSONEachRow",
          query_params: { a, b },
        });
        expect(await result.json()).toEqual([{ a, b }]);
      }),
      { numRuns: 40 },
    );
  });

  it("lets the reader read and nothing else", async () => {
    const refused = { code: "164", type: "READONLY" };
    await expect(reader.command({ query: "DROP TABLE t" })).rejects.toMatchObject(refused);
    await expect(reader.insert({ table: "t", values: [{ a: 1 }], format: "JSONEachRow" })).rejects.toMatchObject(
      refused,
    );
    const settings = { readonly: "0" } as const;
    await expect(reader.query({ query: "SELECT 1", clickhouse_settings: settings })).rejects.toMatchObject(refused);
    await expect(reader.query({ query: "SELECT * FROM file('/etc/hostname')" })).rejects.toMatchObject(refused);
    await expect(writer.query({ query: "SELECT 1 INTO OUTFILE 'x'" })).rejects.toMatchObject(refused);
  });

  it("passes the engine's errors on as they are", async () => {
    await expect(reader.query({ query: "SELECT * FROM missing" })).rejects.toMatchObject({
      code: "60",
      type: "UNKNOWN_TABLE",
    });
    const bad = writer.insert({ table: "t", values: [{ a: "x" }], format: "JSONEachRow" });
    await expect(bad).rejects.toMatchObject({ code: "27" });
  });
});

describe("the endpoint and plain HTTP", () => {
  it("is for those who know a password", async () => {
    expect((await call("/ping")).text).toBe("Ok.\n");
    expect(await call("/?query=SELECT+1")).toMatchObject({ status: 401, code: "516" });
    const guess = { "X-ClickHouse-User": "writer", "X-ClickHouse-Key": users.reader };
    expect(await call("/?query=SELECT+1", { headers: guess })).toMatchObject({ status: 401, code: "516" });
    const nobody = { "X-ClickHouse-User": "constructor", "X-ClickHouse-Key": "" };
    expect(await call("/?query=SELECT+1", { headers: nobody })).toMatchObject({ status: 401, code: "516" });
    const known = { "X-ClickHouse-User": "reader", "X-ClickHouse-Key": users.reader };
    expect(await call("/?query=SELECT+1", { headers: known })).toMatchObject({ status: 200, text: "1\n" });
    expect(statSync(join(folder, "endpoint.json")).mode & 0o777).toBe(0o600);
  });

  it("refuses a Host that is not its own, so that no page can rebind its name", async () => {
    const { port } = new URL(endpoint.url);
    const statusOf = (host: string) =>
      new Promise((resolve) => {
        request({ host: "127.0.0.1", port, path: "/ping", headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).end();
      });
    expect(await statusOf(`attacker.example:${port}`)).toBe(403);
    expect(await statusOf(`localhost.attacker.example:${port}`)).toBe(403);
    expect(await statusOf("localhost:1")).toBe(200);
  });

  it("answers in the format of the statement, of the URL, or tab-separated, and says which", async () => {
    const headers = basic("reader");
    for (const [path, format, text] of [
      ["/?query=SELECT+1+AS+x", "TabSeparated", "1\n"],
      ["/?query=SELECT+1+AS+x&default_format=CSVWithNames", "CSVWithNames", '"x"\n1\n'],
      ["/?query=SELECT+1+AS+x+FORMAT+JSONEachRow&default_format=CSV", "JSONEachRow", '{"x":1}\n'],
      ["/?query=SELECT+{x:String}+AS+x&param_x=a%5Ct'b&default_format=TSVRaw", "TSVRaw", "a\t'b\n"],
    ]) {
      const answer = await call(path, { headers });
      expect([answer.text, answer.headers.get("X-ClickHouse-Format")]).toEqual([text, format]);
    }
  });

  it("takes a statement from the body, or one that goes on there", async () => {
    const headers = basic("writer");
    const post = (path: string, body: string | Uint8Array<ArrayBuffer>, more = {}) =>
      call(path, { method: "POST", body, headers: { ...headers, ...more } });
    expect(await post("/", "SELECT 1")).toMatchObject({ text: "1\n" });
    expect(await post("/?query=SELECT", "2")).toMatchObject({ text: "2\n" });
    await post("/", "TRUNCATE TABLE t");
    expect(await post("/", Buffer.from("INSERT INTO t FORMAT TSV\n1\t\xff\n", "latin1"))).toMatchObject({
      status: 200,
    });
    await post("/?query=INSERT+INTO+t+(a)+FORMAT+CSV", gzipSync("2\n3\n"), { "content-encoding": "gzip" });
    expect(await post("/", "SELECT a, hex(s) FROM t WHERE a > 0 ORDER BY a")).toMatchObject({
      text: "1\tFF\n2\t6E6F6E65\n3\t6E6F6E65\n",
    });
    expect(await post("/", Buffer.from("SELECT '\xff'", "latin1"))).toMatchObject({ status: 400, code: "36" });
    for (const wrong of ["", " -- nothing", "SELECT 1; SELECT 2", "SELECT '"])
      expect(await post("/", wrong)).toMatchObject({ status: 400, code: "62" });
    expect(await post("/", "SELECT 1", { "content-encoding": "snappy" })).toMatchObject({ status: 501, code: "48" });
  });

  it("takes long data but no long statement", async () => {
    const post = (body: string) => call("/", { method: "POST", body, headers: basic("writer") });
    await post("TRUNCATE TABLE t");
    expect(await post(`INSERT INTO t (a) FORMAT CSV\n${"1234567\n".repeat(600_000)}`)).toMatchObject({ status: 200 });
    expect(await post("SELECT count() FROM t")).toMatchObject({ text: "600000\n" });
    expect(await post(`SELECT 1${" ".repeat(5 << 20)}`)).toMatchObject({ status: 413, code: "62" });
    expect(await post("SELECT 1")).toMatchObject({ text: "1\n" });
  });

  it("never writes by GET", async () => {
    const answer = await call("/?query=TRUNCATE+TABLE+t", { headers: basic("writer") });
    expect(answer).toMatchObject({ status: 403, code: "164" });
  });

  it("keeps settings to one request and takes only those on its list", async () => {
    const headers = basic("writer");
    const sql = "query=SELECT+getSetting('max_threads')";
    const usual = (await call(`/?${sql}`, { headers })).text;
    expect((await call(`/?${sql}&max_threads=77`, { headers })).text).toBe("77\n");
    expect((await call(`/?${sql}`, { headers })).text).toBe(usual);
    for (const name of ["session", "format_template_row", "role", "allow_ddl"]) {
      expect(await call(`/?${sql}&${name}=1`, { headers })).toMatchObject({ status: 400, code: "115" });
    }
    expect(await call(`/?${sql}&database=other`, { headers })).toMatchObject({ status: 404, code: "81" });
  });

  it("answers 404 elsewhere and for tables that aren't there", async () => {
    const headers = basic("reader");
    expect(await call("/play", { headers })).toMatchObject({ status: 404 });
    expect(await call("/?query=SELECT+*+FROM+missing", { headers })).toMatchObject({ status: 404, code: "60" });
    expect(await call("/?query=SELECT+(", { headers })).toMatchObject({ status: 400, code: "62" });
  });
});
