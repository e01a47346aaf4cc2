import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRemote } from "../../processors/clickhouse/remote.ts";
import { makeBlock } from "../clickhouse/block.ts";
import { clickhouseContract } from "../contract/clickhouse.ts";

const MAIN = fileURLToPath(new URL("../../processors/main.ts", import.meta.url));

interface Served {
  readonly url: string;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

let folder: string;
let served: Served;

/** Starts `weir serve` and resolves when it answers. */
async function start(...more: string[]): Promise<Served> {
  const options = ["--data", join(folder, "data"), "--config", join(folder, "weir.yaml"), "--json"];
  const child: ChildProcess = spawn(process.execPath, [MAIN, "serve", "--listen", "127.0.0.1:0", ...options, ...more]);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let output = "";
  let errors = "";
  child.stderr!.on("data", (text) => {
    errors += text;
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.on("data", (text) => {
      output += text;
      if (output.includes("\n")) resolve((JSON.parse(output.split("\n")[0]) as { url: string }).url);
    });
    child.once("exit", (code) => reject(new Error(`weir serve ended with ${code}: ${errors}`)));
  });
  return {
    url,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

function connect(username: string, password: string, compression = false): ClickHouseClient {
  return createClient({
    url: served.url,
    username,
    password,
    database: "weir",
    compression: { request: compression, response: compression },
    log: { level: ClickHouseLogLevel.OFF },
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-serve-"));
  writeFileSync(join(folder, "password"), "reads only\nnot this\n");
  const sha256 = createHash("sha256").update("writes too").digest("hex").toUpperCase();
  const users = `[{name: app, password_sha256: ${sha256}, role: writer}, {name: operator, password_sha256: ${sha256}, role: admin}, {name: analyst, password_file: ${folder}/password}]`;
  writeFileSync(join(folder, "weir.yaml"), `serve: {users: ${users}}\n`);
  served = await start();
});
afterAll(async () => {
  await served.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

clickhouseContract("weir serve", () => openRemote(served.url, { username: "operator", password: "writes too" }));

describe("weir serve and an unmodified client", () => {
  it.each([false, true])("inserts, asks with parameters and reads streams (compressed: %s)", async (compression) => {
    const app = connect("app", "writes too", compression);
    const analyst = connect("analyst", "reads only", compression);
    await app.command({
      query: "CREATE OR REPLACE TABLE numbered (n UInt64, `index` String) ENGINE = MergeTree ORDER BY n",
    });
    await app.insert({
      table: "numbered",
      values: [{ n: "7", index: "x\n\nDROP TABLE numbered" }],
      format: "JSONEachRow",
    });
    await app.insert({
      table: "numbered",
      values: Readable.from(["8,eight\n", "9,nine\n"], { objectMode: false }),
      format: "CSV",
    });
    const values = Readable.from(makeBlock([[10n, "ten"]], "").native, { objectMode: false });
    const { stream } = await app.exec({ query: "INSERT INTO numbered FORMAT Native", values });
    for await (const _ of stream);
    const found = await analyst.query({
      query: "SELECT n, `index` FROM numbered WHERE n < {max:UInt64} AND `index` IN {names:Array(String)} ORDER BY n",
      query_params: { max: 10, names: ["eight", "x\n\nDROP TABLE numbered"] },
      format: "JSONCompactEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    });
    expect(await found.json()).toEqual([
      ["7", "x\n\nDROP TABLE numbered"],
      ["8", "eight"],
    ]);
    const large = await analyst.query({ query: "SELECT number FROM numbers(300000)", format: "JSONEachRow" });
    let rows = 0;
    for await (const part of large.stream()) rows += part.length;
    expect(rows).toBe(300_000);
    await expect(analyst.query({ query: "SELECT * FROM missing" })).rejects.toMatchObject({ code: "60" });
    await expect(analyst.command({ query: "DROP TABLE numbered" })).rejects.toMatchObject({ code: "164" });
    await expect(connect("analyst", "reads only\nnot this").query({ query: "SELECT 1" })).rejects.toMatchObject({
      code: "516",
    });
    await app.close();
    await analyst.close();
  });
});

describe("weir serve, killed", () => {
  it("keeps what it acknowledged, and takes an insert's token once across its restart", async () => {
    const account = { username: "app", password: "writes too" };
    const block = makeBlock([[1n, "once"]], "the token");
    const before = await openRemote(served.url, account);
    await before.command(
      "CREATE OR REPLACE TABLE numbered (n UInt64, `index` String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100",
    );
    await before.insert(block);
    // This one is under way when the process dies: it is stored or it is not.
    const cut = before.insert(makeBlock([[2n, "cut"]], "another token")).catch(() => null);
    await served.end("SIGKILL");
    await cut;
    await before.close();
    served = await start();
    const after = await openRemote(served.url, account);
    await after.insert(block);
    await after.insert(makeBlock([[2n, "cut"]], "another token"));
    expect(await after.query("SELECT n, count() AS rows FROM numbered GROUP BY n ORDER BY n")).toEqual([
      { n: "1", rows: "1" },
      { n: "2", rows: "1" },
    ]);
    await after.close();
  });

  it("ends in order when it is told to", async () => {
    expect(await served.end("SIGTERM")).toBe(0);
    served = await start();
  });
});

describe("weir serve, wrongly asked", () => {
  it("opens to other machines only for users that are named", async () => {
    await expect(start("--listen", "0.0.0.0:0", "--config", "/dev/null")).rejects.toThrow(
      /ended with 2.*serve\.users/s,
    );
    await expect(start("--listen", "nowhere")).rejects.toThrow(/ended with 2.*host:port/s);
  });

  it("does not share its store, nor its address", async () => {
    await expect(start()).rejects.toThrow(/STORE_BUSY/);
    const { host } = new URL(served.url);
    await expect(start("--listen", host, "--data", join(folder, "other"))).rejects.toThrow(/STORE_UNREACHABLE/);
  });
});
