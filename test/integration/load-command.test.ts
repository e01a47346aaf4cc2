import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { accountOf, askValue, makeFolder, start, textLines, until, weir, wholeAccount } from "./workbench.ts";

describe("weir load as a command", { timeout: 60_000 }, () => {
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

  it("ends with 1 and one sentence when a file is missing, a folder or the configuration unreadable", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const missing = await weir(["load", join(folder, "no.log"), "--data", data]);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toMatch(/^weir: There is no file .*no\.log; check the name\. \[SOURCE_NOT_FOUND\]\n$/);
    const directory = await weir(["load", folder, "--data", data]);
    expect(directory).toMatchObject({ code: 1 });
    expect(directory.stderr).toMatch(/is a directory; name the files in it\. \[SOURCE_UNREADABLE\]\n$/);
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
