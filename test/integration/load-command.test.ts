import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { accountOf, askValue, makeFolder, start, textLines, until, weir, wholeAccount } from "./workbench.ts";

describe("weir load as a command", { timeout: 240_000 }, () => {
  it("ends with 0 and a summary for people, or for programs with --json", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    writeFileSync(join(folder, "app.log"), textLines(120));
    const first = await weir(["load", join(folder, "app.log"), "--data", data, "--json"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(first.stdout)).toMatchObject({
      lines: 120,
      events: 120,
      files: [{ source: "app", format: "text" }],
    });
    const second = await weir(["load", join(folder, "app.log"), "--data", data]);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain("was loaded before; --again loads it once more.");
    expect(second.stdout).toContain("0 events from 0 lines");
    expect(existsSync(join(data, "endpoint.json"))).toBe(false);
  });

  it("ends with 1 and one sentence when a file is missing or the configuration unreadable", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const missing = await weir(["load", join(folder, "no.log"), "--data", data]);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toMatch(/^weir: There is no file .*no\.log; check the name\. \[SOURCE_NOT_FOUND\]\n$/);
    const config = await weir(["load", join(folder, "no.log"), "--data", data, "--config", join(folder, "no.yaml")]);
    expect(config).toMatchObject({ code: 1, stdout: "" });
    expect(config.stderr).toMatch(/^weir: .*no\.yaml.*\[CONFIG_UNREADABLE\]\n$/);
    writeFileSync(join(folder, "bad.yaml"), "batch: {recrods: 5}\n");
    const invalid = await weir(["load", join(folder, "no.log"), "--data", data, "--config", join(folder, "bad.yaml")]);
    expect(invalid).toMatchObject({ code: 1, stdout: "" });
    expect(invalid.stderr).toContain("did you mean records?");
  });

  it("ends with 2 for a wrong option, format or command, and without arguments", async () => {
    const folder = makeFolder();
    const wrong = [
      ["load", "x", "--colour"],
      ["load", "x", "--format", "xml"],
      ["load", "x", "--source", "a b"],
      ["load", "x", "--source", "../a"],
      ["load", "x", "--source", ""],
      ["lode", "x"],
      ["load"],
      ["run", "--rate", "0"],
      [],
    ];
    await Promise.all(
      wrong.map(async (args) => {
        const { code, stdout, stderr } = await weir(args, { cwd: folder });
        expect([args, code, stdout]).toEqual([args, 2, ""]);
        expect(stderr).not.toBe("");
      }),
    );
    expect(await weir(["--help"])).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(join(folder, ".weir"))).toBe(false);
  });

  it("keeps what was loaded of the files before the one that is missing", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    writeFileSync(join(folder, "app.log"), textLines(50));
    expect(await weir(["load", join(folder, "app.log"), join(folder, "no.log"), "--data", data])).toMatchObject({
      code: 1,
    });
    expect(await accountOf(data)).toEqual(wholeAccount(50));
  });

  it("loads what is piped in, once", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    for (let i = 0; i < 2; i++) {
      const ended = await weir(["load", "-", "--data", data, "--json", "--source", "pipe"], { input: textLines(300) });
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      expect(JSON.parse(ended.stdout).lines).toBe(i === 0 ? 300 : 0);
    }
    expect(await accountOf(data, "topic = 'pipe'")).toEqual(wholeAccount(300));
    expect(await weir(["load", "-", "--data", data], { input: "" })).toMatchObject({ code: 0, stderr: "" });
  });

  for (const kills of [1, 2]) {
    it(`has every line once when the pipe's reader was killed (${kills}) and the same is piped in again`, async () => {
      const folder = makeFolder();
      const data = join(folder, "data");
      const content = textLines(2000);
      for (let kill = 1; kill <= kills; kill++) {
        await killedWhilePiping(data, content.slice(0, Math.floor((content.length * kill) / 3) + 7), 100 * kill);
      }
      const ended = await weir(["load", "-", "--data", data], { input: content, env: SMALL });
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      expect(await accountOf(data)).toEqual(wholeAccount(2000));
      expect(await askValue(data, "SELECT uniqExact(body) FROM events WHERE body LIKE '%done'")).toBe(2000);
    });
  }

  it("finishes, when it loads something else, what a killed reader took from a pipe", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    await killedWhilePiping(data, textLines(900), 100);
    writeFileSync(join(folder, "other.log"), "another line\n");
    const ended = await weir(["load", join(folder, "other.log"), "--data", data, "--json"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const events = Number(await askValue(data, "SELECT count() FROM events WHERE topic = 'stdin'"));
    expect(events).toBeGreaterThanOrEqual(100);
    expect(await accountOf(data)).toEqual(wholeAccount(events + 1));
    expect(await askValue(data, "SELECT uniqExact(body) FROM events WHERE topic = 'stdin'")).toBe(events);
  });

  it("drains and ends with 0 when it is interrupted, and goes on at the next start", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    writeFileSync(join(folder, "app.log"), textLines(4000));
    const args = ["load", join(folder, "app.log"), "--data", data];
    const loading = start(args, { env: SMALL });
    await until(
      "something is stored",
      async () => Number(await loading.askValue(data, "SELECT count() FROM events")) > 0,
    );
    loading.kill("SIGINT");
    expect(await loading.ended).toMatchObject({ code: 0, signal: null });
    const events = Number(await askValue(data, "SELECT count() FROM events"));
    expect(await accountOf(data)).toEqual(wholeAccount(events));
    expect((await weir(args)).code).toBe(0);
    expect(await accountOf(data)).toEqual(wholeAccount(4000));
  });

  it("drains and ends with 0 when it is interrupted while its pipe stays open, and the next one finishes what was taken", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const loading = start(["load", "-", "--data", data], { env: SMALL });
    loading.stdin.write(`${textLines(400)}2026-03-02 11:00:00 INFO cut li`);
    await until(
      "what can be stored is",
      async () => Number(await loading.askValue(data, "SELECT count() FROM events")) >= 399,
    );
    loading.kill("SIGINT");
    const ended = await loading.ended;
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.stdout).toContain("It was interrupted: the same command goes on where it stopped.");
    const events = Number(await askValue(data, "SELECT count() FROM events"));
    expect(await accountOf(data)).toEqual(wholeAccount(events));
    expect(await askValue(data, "SELECT count() FROM events WHERE line LIKE '%cut li'")).toBe(0);
    const whole = `${textLines(400)}2026-03-02 11:00:00 INFO cut line\n${textLines(10, 900)}`;
    expect(await weir(["load", "-", "--data", data], { input: whole })).toMatchObject({ code: 0, stderr: "" });
    expect(await accountOf(data)).toEqual(wholeAccount(411));
    expect(await askValue(data, "SELECT count() FROM events WHERE line LIKE '%cut line'")).toBe(1);
  });

  it("ends with 0, and says of nothing that it was loaded before, when it is interrupted before its pipe gives anything", async () => {
    const data = join(makeFolder(), "data");
    const loading = start(["load", "-", "--data", data]);
    await until("it runs", async () => (await loading.askValue(data, "SELECT 1")) === 1);
    loading.kill("SIGINT");
    const ended = await loading.ended;
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.stdout).toContain("It was interrupted");
    expect(ended.stdout).not.toContain("loaded before");
  });

  it("refuses what is piped in compressed, and says what to do", async () => {
    const data = join(makeFolder(), "data");
    const refused = await weir(["load", "-", "--data", data], { input: gzipSync(textLines(5)) });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toBe(
      "weir: Standard input is compressed (gzip); pipe it through zcat first, or name the file itself. [SOURCE_UNREADABLE]\n",
    );
    expect(await weir(["load", "-", "--data", data], { input: textLines(5) })).toMatchObject({ code: 0, stderr: "" });
    expect(await accountOf(data)).toEqual(wholeAccount(5));
  });

  it("logs each batch when told to, as JSON with --json, without a word of the lines", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    writeFileSync(join(folder, "app.log"), textLines(120));
    const args = ["load", join(folder, "app.log"), "--data", data, "--log-level", "debug"];
    const { code, stdout, stderr } = await weir([...args, "--json"], { env: SMALL });
    expect([code, JSON.parse(stdout).events]).toEqual([0, 120]);
    const logged = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(logged.map(({ level, message }) => [level, message])).toEqual([
      ["debug", "Load started."],
      ...[1, 2, 3].map(() => ["debug", "Batch stored."]),
      ["debug", "Load ended."],
    ]);
    expect(logged[1]).toMatchObject({ topic: "app", partition: 0, start: "0", records: 50, events: 50 });
    expect(logged.at(-1)).toMatchObject({ lines: 120, events: 120, wasInterrupted: false });
    expect(stderr).not.toContain("INFO job");
  });

  it("lets a second load into the same store wait for nobody and lose nothing", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    writeFileSync(join(folder, "a.log"), textLines(1500));
    writeFileSync(join(folder, "b.log"), textLines(1500, 50_000));
    const first = start(["load", join(folder, "a.log"), "--data", data], { env: SMALL });
    await until("the store is open", async () => (await first.askValue(data, "SELECT 1")) === 1);
    const second = await weir(["load", join(folder, "b.log"), "--data", data]);
    expect((await first.ended).code).toBe(0);
    if (second.code !== 0) {
      expect(second.stderr).toMatch(/\[(STORE_BUSY|STORE_UNREACHABLE)\]\n$/);
      expect((await weir(["load", join(folder, "b.log"), "--data", data])).code).toBe(0);
    }
    expect(await accountOf(data)).toEqual(wholeAccount(3000));
  });

  it("keeps its store, journal and keys from other users", async () => {
    const folder = makeFolder();
    chmodSync(folder, 0o755);
    const data = join(folder, "data");
    writeFileSync(join(folder, "app.log"), textLines(5));
    expect((await weir(["load", join(folder, "app.log"), "--data", data])).code).toBe(0);
    for (const name of ["store", "journal", "keys", "keys/mask.key", "keys/journal.key", "journal/data.mdb"]) {
      expect([name, statSync(join(data, name)).mode & 0o077]).toEqual([name, 0]);
    }
  });
});

const SMALL = { WEIR_BATCH__RECORDS: "50" };

/** Pipes a beginning into a load, and kills it when so many events are stored, the pipe being open. */
async function killedWhilePiping(data: string, beginning: string, events: number): Promise<void> {
  const loading = start(["load", "-", "--data", data], { env: SMALL });
  loading.stdin.write(Buffer.from(beginning, "latin1"));
  await until(
    `${events} events are stored`,
    async () => Number(await loading.askValue(data, "SELECT count() FROM events")) >= events,
  );
  loading.kill("SIGKILL");
  expect(await loading.ended).toMatchObject({ signal: "SIGKILL" });
}
