import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { readEndpointFile, writeEndpointFile } from "../../processors/clickhouse/endpoint-file.ts";
import { openStore } from "../../processors/clickhouse/store.ts";
import { runSql } from "../../processors/services/sql.ts";
import { codeOf } from "../contract/clickhouse.ts";
import { makeBlock } from "./block.ts";
import { makeTestFolder } from "./folder.ts";

const STORE = new URL("../../processors/clickhouse/store.ts", import.meta.url).href;
const INSERT_FOREVER = new URL("./insert-forever.ts", import.meta.url).href;
const CREATE =
  "CREATE TABLE numbered (n UInt64, `index` String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100";

/** A process that runs `code` with `store` open on a folder; resolves when it has written a line. */
async function startHolder(dataDir: string, endpoint: boolean, code = ""): Promise<ChildProcess> {
  const script = `
    import { openStore } from ${JSON.stringify(STORE)};
    const store = await openStore(${JSON.stringify({ dataDir, endpoint })});
    setInterval(() => {}, 1000);
    ${code || 'console.log("open");'}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout!, "data");
  return child;
}

async function sql(dataDir: string, query: string, write = false): Promise<string> {
  const out = new PassThrough();
  await runSql({ dataDir, query, format: "TSV", write, out });
  out.end();
  return Buffer.concat(await out.toArray()).toString("latin1");
}

describe("openStore", () => {
  it("makes folders that only their owner may enter, and leaves no spooled file", async () => {
    const dataDir = join(await makeTestFolder(), "new", "data");
    const store = await openStore({ dataDir });
    expect(store.kind).toBe("embedded");
    await store.command(CREATE);
    await store.insert(makeBlock([[1n, "a"]], "one"));
    await store.insert({ ...makeBlock([[1n, "a"]], "two"), table: "missing" }).catch(() => {});
    for (const name of ["", "store", "tmp"]) expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(dataDir, "tmp"))).toEqual([]);
    await store.close();
  });

  it("opens again what it closed, with its data", async () => {
    const dataDir = await makeTestFolder();
    for (let opened = 1; opened <= 3; opened++) {
      const store = await openStore({ dataDir });
      if (opened === 1) await store.command(CREATE);
      await store.insert(makeBlock([[1n, "a"]], `token ${opened}`));
      expect(await store.query("SELECT n FROM numbered")).toHaveLength(opened);
      await store.close();
    }
  });

  it("refuses a folder whose path the engine would take for a pattern", async () => {
    const dataDir = join(await makeTestFolder(), "{a,b}");
    expect(await codeOf(openStore({ dataDir }))).toBe("USAGE");
  });

  it("names the process that holds the store", async () => {
    const dataDir = await makeTestFolder();
    const holder = await startHolder(dataDir, false);
    const opening = openStore({ dataDir });
    await expect(opening).rejects.toMatchObject({
      code: "STORE_BUSY",
      message: expect.stringContaining(`${holder.pid}`),
    });
  });

  it("reaches the store of another process through its endpoint, until that is killed", async () => {
    const dataDir = await makeTestFolder();
    const holder = await startHolder(dataDir, true);
    const through = await openStore({ dataDir });
    expect(through.kind).toBe("remote");
    await through.command(CREATE);
    await through.insert(makeBlock([[5n, "a"]], "one"));
    await through.close();
    holder.kill("SIGKILL");
    await once(holder, "exit");
    expect(existsSync(join(dataDir, "endpoint.json"))).toBe(true);
    const own = await openStore({ dataDir });
    expect([own.kind, existsSync(join(dataDir, "endpoint.json"))]).toEqual(["embedded", false]);
    expect(await own.query("SELECT n FROM numbered")).toEqual([{ n: "5" }]);
    await own.close();
  });

  it("doesn't trust an endpoint.json whose process is alive but not there", async () => {
    const dataDir = await makeTestFolder();
    await writeEndpointFile(dataDir, {
      url: "http://127.0.0.1:9",
      pid: process.pid,
      users: { reader: "r", writer: "w" },
    });
    const store = await openStore({ dataDir, endpoint: true });
    expect(store.kind).toBe("embedded");
    expect((await readEndpointFile(dataDir))?.url).toBe(store.endpointUrl);
    await store.close();
    expect(existsSync(join(dataDir, "endpoint.json"))).toBe(false);
  });

  it("loses nothing acknowledged and doubles nothing when the writer is killed and repeats its tokens", async () => {
    const dataDir = await makeTestFolder();
    await mkdir(join(dataDir, "tmp"));
    await writeFile(join(dataDir, "tmp", "left behind"), "x");
    const holder = await startHolder(
      dataDir,
      false,
      `const { insertForever } = await import(${JSON.stringify(INSERT_FOREVER)});
       await store.command(${JSON.stringify(CREATE)});
       insertForever(store);`,
    );
    let output = "0\n";
    holder.stdout!.on("data", (chunk) => {
      output += chunk;
      if (output.split("\n").length > 20) holder.kill("SIGKILL");
    });
    await once(holder, "close");
    const acknowledged = output.trim().split("\n").map(Number).filter(Number.isInteger);
    expect(acknowledged.length).toBeGreaterThan(10);
    const store = await openStore({ dataDir });
    expect(readdirSync(join(dataDir, "tmp"))).toEqual([]);
    const rows = await store.query<{ n: string }>("SELECT n FROM numbered ORDER BY n");
    for (const n of acknowledged) expect(rows).toContainEqual({ n: String(n) });
    const last = rows.length;
    for (let n = 0; n <= last; n++) await store.insert(makeBlock([[BigInt(n), "x"]], `token ${n}`));
    expect(
      await store.query("SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(n)) AS different FROM numbered"),
    ).toEqual([{ rows: last + 1, different: last + 1 }]);
    await store.close();
  });

  it("says STORE_UNREACHABLE, to be tried again, when no server answers", async () => {
    const opening = openStore({ dataDir: "unused", url: "http://127.0.0.1:9" });
    await expect(opening).rejects.toMatchObject({ code: "STORE_UNREACHABLE", retriable: true });
  });
});

describe("runSql", () => {
  it("writes the result's bytes unchanged, whoever holds the store", async () => {
    const dataDir = await makeTestFolder();
    const query = "SELECT unhex('FF00C3'), toString(count()) FROM weir.numbered FORMAT RawBLOB";
    // A query makes no store: whoever mistypes a directory is told.
    expect(await codeOf(sql(dataDir, "SELECT 1"))).toBe("STORE_UNREACHABLE");
    await (await openStore({ dataDir })).close();
    await sql(dataDir, CREATE, true);
    expect(await sql(dataDir, query)).toBe("\xff\x00\xc30");
    await startHolder(dataDir, true);
    expect(await sql(dataDir, query)).toBe("\xff\x00\xc30");
    expect(await sql(dataDir, 'INSERT INTO numbered FORMAT CSV 1,"a\n\nb"', true)).toBe("");
    expect(await sql(dataDir, "SELECT * FROM numbered")).toBe("1\ta\\n\\nb\n");
    expect(await codeOf(sql(dataDir, "DROP TABLE numbered"))).toBe("STORE_READONLY");
    expect(await codeOf(sql(dataDir, "SELECT nothing"))).toBe("STORE_QUERY_FAILED");
    expect(await codeOf(sql(dataDir, "SELECT 1; SELECT 2"))).toBe("USAGE");
  });
});
