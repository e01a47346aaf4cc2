import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRandom } from "../support/make-series.ts";

/*
 * npm run soak -- --files 1000 --minutes 5 --seed 1
 *
 * Writers append numbered lines to many files and rotate them at random: renamed, copied and cut, compressed, deleted in the end.
 * `weir run` follows the folder and is killed again and again. Every half minute the writers stop, what is stored is compared with
 * what they say they wrote, and then some files are cut to nothing. Never cut between copying and cutting: what is written
 * there is lost with every follower. The last line is JSON.
 */

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "1000" },
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    writers: { type: "string", default: "2" },
    lines: { type: "string", default: "1000" },
    keep: { type: "boolean", default: false },
  },
});
const files = Number(values.files);
const seconds = Number(values.minutes) * 60;
const writers = Number(values.writers);
const linesPerSecond = Number(values.lines);
const PHASE_SECONDS = 30;
const CATCH_UP_MS_MAX = 600_000;
const MAIN = fileURLToPath(new URL("../../processors/main.ts", import.meta.url));
const WRITER = fileURLToPath(new URL("./follow-writer.ts", import.meta.url));

const random = createRandom(Number(values.seed));
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "weir-soak-"));
const logs = join(folder, "logs");
const data = join(folder, "data");
mkdirSync(logs);

/** Lines of each file, by its number, as the writers have written them. */
const truth = new Map<number, number>();
let faults = 0;

function startRun(): ChildProcess {
  const child = spawn(process.execPath, [MAIN, "run", logs, "--data", data, "--json"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr?.on("data", (bytes: Buffer) => {
    for (const line of bytes.toString().split("\n"))
      if (/"level":"(warn|error|fatal)"|^weir:/.test(line)) console.log(line);
  });
  return child;
}

async function ask(sql: string): Promise<Record<string, string>[]> {
  const child = spawn(process.execPath, [MAIN, "sql", sql, "--format", "JSONEachRow", "--data", data]);
  let out = "";
  child.stdout.on("data", (bytes: Buffer) => {
    out += bytes.toString();
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) return [];
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** What is stored of each file against what was written. */
async function compare(): Promise<{ lost: number; duplicated: number; places: string[] }> {
  const rows = await ask(
    "SELECT extract(body, 'file=(\\\\d+)') AS file, count() AS n, uniqExact(body) AS unique FROM events GROUP BY file",
  );
  const stored = new Map(rows.map(({ file, n, unique }) => [Number(file), { n: Number(n), unique: Number(unique) }]));
  let lost = 0;
  let duplicated = 0;
  const places: string[] = [];
  for (const [file, lines] of truth) {
    const { n, unique } = stored.get(file) ?? { n: 0, unique: 0 };
    lost += Math.max(0, lines - unique);
    duplicated += n - unique;
    if (lines !== unique || n !== unique) places.push(`file ${file}: ${lines} written, ${unique} stored, ${n} rows`);
  }
  return { lost, duplicated, places };
}

const children = Array.from({ length: writers }, () => fork(WRITER));
async function tell(message: object): Promise<void> {
  await Promise.all(
    children.map(
      (child) =>
        new Promise<void>((resolve) => {
          child.once("message", (answer: [number, number][]) => {
            for (const [file, lines] of answer) truth.set(file, lines);
            resolve();
          });
          child.send(message);
        }),
    ),
  );
}

for (const [i, child] of children.entries())
  child.send({ start: { folder: logs, files, share: i, shares: writers, seed: Number(values.seed), linesPerSecond } });

let running = startRun();
const kill = async () => {
  running.kill("SIGKILL");
  await new Promise((resolve) => running.once("close", resolve));
  faults++;
};

/** Waits until as many lines are stored as were written. */
async function catchUp(): Promise<void> {
  const total = [...truth.values()].reduce((sum, lines) => sum + lines, 0);
  const startedMs = Date.now();
  let stored = -1;
  while (Date.now() - startedMs < CATCH_UP_MS_MAX) {
    const [row] = await ask("SELECT count() AS n FROM events");
    if (row !== undefined) stored = Number(row["n"]);
    if (stored >= total) break;
    await sleep(1000);
  }
  console.log(
    `${total} lines written, ${stored} stored ${((Date.now() - startedMs) / 1000).toFixed(1)} s after the pause began, ${faults} kills.`,
  );
}

const endMs = Date.now() + seconds * 1000;
let result = { lost: 0, duplicated: 0, places: [] as string[] };
while (Date.now() < endMs) {
  await tell({ write: true });
  const phaseEndMs = Math.min(endMs, Date.now() + PHASE_SECONDS * 1000);
  while (Date.now() < phaseEndMs) {
    await sleep(Math.min(phaseEndMs - Date.now(), 5000 + random() * 10_000));
    if (random() < 0.7) {
      await kill();
      running = startRun();
    }
  }
  await tell({ pause: true });
  await catchUp();
  result = await compare();
  if (result.places.length > 0) break;
  await tell({ cut: 0.1 });
}
for (const child of children) child.disconnect();
if (running.exitCode === null) {
  running.kill("SIGTERM");
  await new Promise((resolve) => running.once("close", resolve));
}
result = await compare();
for (const place of result.places.slice(0, 20)) console.log(place);
const lines = [...truth.values()].reduce((sum, count) => sum + count, 0);
const { lost, duplicated } = result;
if (!values.keep) rmSync(folder, { recursive: true, force: true });
else console.log(folder);
console.log(JSON.stringify({ files, lines, lost, duplicated, faults, ok: lost === 0 && duplicated === 0 }));
process.exit(lost === 0 && duplicated === 0 ? 0 : 1);
