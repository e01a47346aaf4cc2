import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createRandom } from "../mask/corpus.ts";
import { accountOf, askValue, makeFolder, type Running, start, textLines, weir, wholeAccount } from "./workbench.ts";

/** About 100 batches. */
const LINES = 2000;
const KILLS = 12;

interface Scene {
  readonly name: string;
  readonly seed: number;
  write(folder: string): string[];
  /** What the n-th process is told beside the files. */
  environment(n: number): Readonly<Record<string, string>>;
  config(n: number): string;
}

const RULES = `rules:
  - {name: route_10s, window: 10s, group_by: [tenant, service_name, http_route, status_class]}
  - {name: severity_1m, window: 1m, group_by: [severity_text], where: body}
`;

const SCENES: readonly Scene[] = [
  {
    name: "a plain file, the batches and the rules being others at every other start",
    seed: 1,
    write(folder) {
      writeFileSync(join(folder, "app.log"), textLines(LINES));
      return [join(folder, "app.log")];
    },
    environment: (n) => ({ WEIR_BATCH__RECORDS: n % 3 === 0 ? "31" : "20" }),
    config: (n) => (n % 4 === 1 ? RULES : ""),
  },
  {
    name: "a gzip file",
    seed: 2,
    write(folder) {
      writeFileSync(join(folder, "app.log.gz"), gzipSync(textLines(LINES)));
      return [join(folder, "app.log.gz")];
    },
    environment: () => ({ WEIR_BATCH__RECORDS: "20" }),
    config: () => "",
  },
  {
    name: "two files",
    seed: 3,
    write(folder) {
      writeFileSync(join(folder, "a.log"), textLines(900));
      writeFileSync(join(folder, "b.log"), textLines(LINES - 900, 900));
      return [join(folder, "a.log"), join(folder, "b.log")];
    },
    environment: () => ({ WEIR_BATCH__RECORDS: "20" }),
    config: () => "",
  },
];

/** Kills a load a little after the ledger has come to so many records; null: after so long, however far it is. */
async function killAt(loading: Running, data: string, records: number | null, delayMs: number): Promise<void> {
  for (let i = 0; records !== null && i < 1000 && loading.isRunning; i++) {
    const stored = await loading.askValue(data, "SELECT sum(records) FROM ledger").catch(() => 0);
    if (Number(stored) >= records) break;
    await sleep(20);
  }
  await sleep(delayMs);
  loading.kill("SIGKILL");
}

/** Kills so many loads of a scene one after the other, every third while it starts, and lets a last one end. */
async function killAgainAndAgain(scene: Scene, data: string, folder: string): Promise<number> {
  const files = scene.write(folder);
  const random = createRandom(scene.seed);
  const config = join(folder, "weir.yaml");
  const args = ["load", ...files, "--data", data, "--config", config];
  let killed = 0;
  for (let n = 0; n < KILLS; n++) {
    writeFileSync(config, scene.config(n));
    const loading = start(args, { env: scene.environment(n) });
    const isEarly = n % 3 === 2;
    const share = Math.floor(((n + random(100) / 100) * LINES) / KILLS);
    await killAt(loading, data, isEarly ? null : share, isEarly ? random(700) : random(60));
    if ((await loading.ended).signal === "SIGKILL") killed++;
  }
  writeFileSync(config, "");
  expect(await weir(args, { env: scene.environment(1) })).toMatchObject({ code: 0, stderr: "" });
  return killed;
}

describe("a load that is killed again and again", { timeout: 240_000 }, () => {
  it("has every line once in the end, whatever the files, batches and rules", async () => {
    const scenes = SCENES.map((scene) => ({ scene, folder: makeFolder() }));
    const kills = await Promise.all(
      scenes.map(({ scene, folder }) => killAgainAndAgain(scene, join(folder, "data"), folder)),
    );
    expect(Math.min(...kills)).toBeGreaterThan(KILLS / 2);
    for (const { scene, folder } of scenes) {
      const data = join(folder, "data");
      expect([scene.name, await accountOf(data)]).toEqual([scene.name, wholeAccount(LINES)]);
      expect(await askValue(data, "SELECT uniqExact(body) FROM events WHERE body LIKE '%done'")).toBe(LINES);
      expect(await askValue(data, "SELECT count() FROM ledger")).toBeGreaterThan(LINES / 40);
    }
  });
});
