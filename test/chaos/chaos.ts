import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { inMemory } from "./in-memory.ts";
import { Inflictor } from "./inflict.ts";
import { compare } from "./oracle.ts";
import { faultTable, percentile, recoveriesOf, rounded } from "./report.ts";
import { type Generator, openScene, type Scene } from "./scene.ts";
import { scheduleOf } from "./schedule.ts";
import { readTruth } from "./truth.ts";
import { startWatch, type Watch } from "./watch.ts";

/*
 * npm run chaos -- --minutes M --seed S     real processes, killed and frozen for M minutes; then all is compared
 *   --rate N               records a second, on average (default 10000)
 *   --faults-per-minute N  on average (default 10)
 *   --keep                 leave the folder with logs, truth and store behind; so does every run that finds something
 */

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    rate: { type: "string", default: "10000" },
    "faults-per-minute": { type: "string", default: "10" },
    keep: { type: "boolean", default: false },
  },
});
const [minutes, seed, rate, perMinute] = (["minutes", "seed", "rate", "faults-per-minute"] as const).map((name) => {
  const value = Number(values[name]);
  if (!(value >= 0) || (name === "seed" && !Number.isInteger(value))) throw new Error(`--${name} takes a number.`);
  return value;
});

const PARTITIONS = 8;
/** Event time goes by so many times as fast as real time, so that there are windows to close. */
const SPEED = 5;
const MAIN = fileURLToPath(new URL("../../processors/main.ts", import.meta.url));
const STUCK_MS = 180_000;
/** Faults that are not got over yet, at most. */
const OPEN_MAX = 3;
const TELL_MS = 15_000;
const STOP_MS_MAX = 60_000;

process.setMaxListeners(50);
const dir = mkdtempSync(join(inMemory(), "weir-chaos-"));
let isClean = false;
process.once("exit", () => {
  if (isClean && !values.keep) rmSync(dir, { recursive: true, force: true });
  else say(`Logs, truth and store are in ${dir}.`);
});
// Leaving kills every process of the run.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    isClean = true;
    process.exit(130);
  });

const scene = await openScene({ dir, partitions: PARTITIONS });
let code = 1;
try {
  code = await run(scene);
  isClean = code === 0;
} catch (error) {
  say(`The run failed: ${error instanceof Error ? error.stack : String(error)}`);
} finally {
  await scene.close();
}
process.exit(code);

async function run(scene: Scene): Promise<number> {
  const truth = join(dir, "truth.jsonl");
  const seconds = minutes * 60;
  const generator = scene.startGenerator({
    seed,
    rate,
    truth,
    // All events are at least 20 minutes old at the end, so that the last ones can close every window.
    startUs: Math.floor(Date.now() - (seconds * SPEED + 1200) * 1000) * 1000,
    stepUs: (SPEED * 1e6 * PARTITIONS) / rate,
  });
  let watch: Watch | null = null;
  const inflictor = new Inflictor(
    scene,
    () => generator.acknowledged,
    () => watch!.standing,
  );
  watch = startWatch(
    scene.ask,
    scene.topic,
    PARTITIONS,
    () => generator.acknowledged,
    (standing) => inflictor.look(standing),
  );
  const failures: Error[] = [];
  const startedMs = performance.now();
  const telling = setInterval(() => tell(generator, watch!, inflictor, startedMs), TELL_MS);
  say(
    `Seed ${seed}, ${minutes} minutes, ${rate} records/s over ${PARTITIONS} partitions, ${perMinute} faults a minute; in ${dir}`,
  );

  for (const fault of scheduleOf(seed, minutes, perMinute)) {
    await sleep(Math.max(0, startedMs + fault.atMs - performance.now()));
    // A slow machine gets over a fault more slowly; one that never works finds nothing.
    while (inflictor.open >= OPEN_MAX && performance.now() < startedMs + seconds * 1000) await sleep(100);
    if (failures.length > 0) throw failures[0];
    if (performance.now() >= startedMs + seconds * 1000) break;
    inflictor.inflict(
      fault,
      ({ target, beganMs, endedMs }) =>
        say(`${at(startedMs)}  ${fault.kind} ${target}, ${rounded((endedMs! - beganMs) / 1000)} s`),
      (error) => failures.push(error),
    );
  }
  await sleep(Math.max(0, startedMs + seconds * 1000 - performance.now()));
  await inflictor.heal();
  if (failures.length > 0) throw failures[0];
  say(`${at(startedMs)}  All is put right; the rest is stored.`);
  await generator.finish();
  const records = generator.acknowledged.reduce((sum, next) => sum + next, 0);
  const isStored = () => watch!.standing.stored.every((next, partition) => next >= generator.acknowledged[partition]);
  const lastMs = performance.now();
  while (!isStored() && performance.now() - Math.max(watch.movedAtMs, lastMs) < STUCK_MS) await sleep(500);
  const isStuck = !isStored();
  if (isStuck) say(`Nothing was stored for ${STUCK_MS / 1000} s, and records are left.`);
  await sleep(1000);
  await watch.stop();
  clearInterval(telling);
  tell(generator, watch, inflictor, startedMs);

  const members = [...scene.processors, ...scene.closers];
  const stopped = await Promise.all(members.map(async (one) => ({ one, ...(await one.stop(STOP_MS_MAX)) })));
  const late = stopped.filter(({ inTime }) => !inTime).map(({ one }) => one.name);
  if (late.length > 0) say(`Not ended within ${STOP_MS_MAX / 1000} s of SIGTERM: ${late.join(", ")}.`);
  await weir("close", ["--once"]);
  await weir("close", ["--once"]);
  say(`${at(startedMs)}  All windows are closed; the store is compared with the truth.`);
  const { words, altered, ...differences } = await compare(scene.ask, scene.topic, readTruth(truth));
  const audit = JSON.parse(await weir("audit", ["--json"])) as {
    isRight: boolean;
    findings: { text: string; code: string }[];
  };
  for (const { text, code } of audit.findings) words.push(`weir audit: ${text} [${code}]`);

  say(faultTable(inflictor.done));
  for (const one of [scene.store, ...members])
    if (one.ownEnds.length > 0) say(`${one.name} ended by itself ${one.ownEnds.length} times: ${tally(one.ownEnds)}`);
  for (const word of words) say(word);
  const recoveries = recoveriesOf(inflictor.done);
  const summary = {
    seed,
    minutes,
    faults: inflictor.done.length,
    records,
    ...differences,
    altered,
    audit_findings: audit.findings.length,
    stuck: isStuck,
    recovery_s_p50: percentile(recoveries, 0.5),
    recovery_s_max: percentile(recoveries, 1),
    stall_s_max: rounded(Math.max(...watch.stallsMs) / 1000),
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  const isSame = words.length === 0 && altered === 0 && Object.values(differences).every((count) => count === 0);
  return isSame && !isStuck ? 0 : 1;
}

/** A command of Weir's that reaches the store without the proxy. Gives what it printed, also when it found something. */
async function weir(command: string, args: readonly string[]): Promise<string> {
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, ...scene.direct.env };
  const all = [MAIN, command, ...scene.direct.args, ...args];
  const maxBuffer = 1 << 28;
  const ran = promisify(execFile)(process.execPath, all, { env, maxBuffer }).catch(
    (error: { stdout?: string; stderr?: string }) => {
      if (!error.stdout) throw new Error(`weir ${command} failed: ${error.stderr}`);
      return { stdout: error.stdout };
    },
  );
  return (await ran).stdout;
}

function tell(generator: Generator, { standing }: Watch, { done, open, skipped }: Inflictor, startedMs: number): void {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0).toLocaleString("en");
  say(
    `${at(startedMs)}  sent ${sum(generator.acknowledged)}, stored ${sum(standing.stored)}, cut ${standing.cut}; ${done.length} faults (${open} not got over, ${skipped} left out)`,
  );
}

function at(startedMs: number): string {
  const seconds = Math.floor((performance.now() - startedMs) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}`;
}

function tally(codes: readonly (number | null)[]): string {
  const counts = Map.groupBy(codes, String);
  return [...counts].map(([code, all]) => `${all.length} with ${code}`).join(", ");
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
