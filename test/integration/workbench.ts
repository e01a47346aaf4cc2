import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { openStore } from "../../processors/clickhouse/store.ts";
import { systemClock } from "../../processors/runtime/clock.ts";
import { type Config, readConfig } from "../../processors/runtime/config.ts";
import { type LoadOptions, type LoadSummary, load } from "../../processors/services/load.ts";

const MAIN = fileURLToPath(new URL("../../processors/main.ts", import.meta.url));
const MEMORY = "/dev/shm";
const FREE_BYTES_MIN = 1 << 30;

/**
 * A new folder with what paths may have in its name, deleted when the test is over. In memory where there is room: a
 * killed process loses nothing of it, and every insert waits for the disk.
 */
export function makeFolder(): string {
  const folder = mkdtempSync(join(inMemory(), "weir it's ü "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Where folders are best made. */
export function inMemory(): string {
  return hasRoom(MEMORY) ? MEMORY : tmpdir();
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > FREE_BYTES_MIN;
  } catch {
    return false;
  }
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Content of weir.yaml. */
  readonly yaml?: string;
}

export function configOf(data: string, { env = {}, yaml = "" }: Surroundings = {}): Config {
  const path = `${data}.weir.yaml`;
  writeFileSync(path, yaml);
  return readConfig({ path, env, flags: { data } });
}

/** `weir load`, in this process. */
export function loadInto(
  data: string,
  files: readonly string[],
  options: Partial<LoadOptions> & Surroundings = {},
): Promise<LoadSummary> {
  const { env, yaml, ...rest } = options;
  return load({
    config: configOf(data, { ...(env && { env }), ...(yaml !== undefined && { yaml }) }),
    files,
    source: null,
    format: "auto",
    again: false,
    stdin: Readable.from([]),
    clock: systemClock,
    signal: new AbortController().signal,
    ...rest,
  });
}

/** Rows of a query over a store that is in use or not. */
export async function ask<Row>(data: string, sql: string): Promise<Row[]> {
  const store = await openStore({ dataDir: data });
  try {
    return await store.query<Row>(sql);
  } finally {
    await store.close();
  }
}

/** The one value of a query. */
export async function askValue(data: string, sql: string): Promise<number | string> {
  const [row] = await ask<Record<string, number | string>>(data, sql);
  const value = Object.values(row)[0];
  return typeof value === "string" && /^-?[0-9]+$/.test(value) ? Number(value) : value;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly stdin: NodeJS.WritableStream;
  readonly ended: Promise<Ended>;
  readonly isRunning: boolean;
  kill(signal: NodeJS.Signals): void;
  /** What was written on standard error so far. */
  errors(): string;
  /** The one value of a query over the store that this process holds. Throws while it does not hold it. */
  askValue(data: string, sql: string): Promise<number | string>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts the program as a process of its own; only the given variables of ours are set. Killed when the test is over. */
export function start(args: readonly string[], { env = {}, cwd = tmpdir() }: StartOptions = {}): Running {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { PATH, HOME, ...env } });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => err.push(bytes));
  // Whoever reads the pipe may be killed.
  child.stdin.on("error", () => {});
  let isRunning = true;
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => {
      isRunning = false;
      resolve({
        code,
        signal,
        stdout: Buffer.concat(out).toString("latin1"),
        stderr: Buffer.concat(err).toString("latin1"),
      });
    });
  });
  onTestFinished(async () => {
    if (isRunning) child.kill("SIGKILL");
    await ended;
  });
  return {
    stdin: child.stdin,
    ended,
    get isRunning() {
      return isRunning;
    },
    kill: (signal) => void child.kill(signal),
    errors: () => Buffer.concat(err).toString("latin1"),
    async askValue(data, sql) {
      // Opening a store that nobody holds would hold it, in the way of the process that is about to.
      const { pid } = JSON.parse(readFileSync(join(data, "endpoint.json"), "utf8")) as { pid: number };
      if (pid !== child.pid || !isRunning) throw new Error("The process does not hold the store.");
      return askValue(data, sql);
    },
  };
}

/** Runs the program to its end with this input on standard input. */
export function weir(
  args: readonly string[],
  options: StartOptions & { readonly input?: string | Buffer } = {},
): Promise<Ended> {
  const running = start(args, options);
  running.stdin.end(options.input ?? "");
  return running.ended;
}

/** Asks again and again until the answer is yes; what fails meanwhile is a no. Throws after 20 s. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await isSo().catch(() => false)) return;
    await sleep(20);
  }
  throw new Error(`It never came to this: ${what}.`);
}

/** What a store says of everything that was loaded: each way to count must give the same. */
export interface Account {
  readonly events: number;
  readonly distinct: number;
  readonly partials: number;
  readonly ledgerRecords: number;
  readonly ledgerEvents: number;
  readonly completeness: number;
  /** Records of the ledger that are neither ok nor dropped nor dead. */
  readonly unaccounted: number;
  readonly deadLetters: number;
  readonly distinctDeadLetters: number;
  readonly ledgerDeadLetters: number;
  /** Ledger rows that begin elsewhere than where the one before ended. */
  readonly misplacedTiles: number;
}

/** @param where Which topics, as SQL. */
export async function accountOf(data: string, where = "1"): Promise<Account> {
  const store = await openStore({ dataDir: data });
  try {
    return await accountIn(store, where);
  } finally {
    await store.close();
  }
}

export async function accountIn(store: { query<Row>(sql: string): Promise<Row[]> }, where = "1"): Promise<Account> {
  const sql = `SELECT
    (SELECT count() FROM events WHERE ${where}) AS events,
    (SELECT uniqExact(topic, \`partition\`, \`offset\`, \`index\`) FROM events WHERE ${where}) AS distinct,
    (SELECT sum(p.events) FROM partials AS p FINAL WHERE rule = 'route_10s' AND ${where} AND (topic, \`partition\`, batch_start, batch_end, run) IN (SELECT topic, \`partition\`, batch_start, batch_end, run FROM ledger)) AS partials,
    (SELECT sum(records) FROM ledger FINAL WHERE ${where}) AS ledgerRecords,
    (SELECT sum(l.events) FROM ledger AS l FINAL WHERE ${where}) AS ledgerEvents,
    (SELECT sum(n) FROM (SELECT arraySum(minutes.records) AS n FROM ledger FINAL WHERE ${where})) AS completeness,
    (SELECT sum(records - ok - dropped - dead_letters) FROM ledger FINAL WHERE ${where}) AS unaccounted,
    (SELECT count() FROM dead_letters WHERE ${where}) AS deadLetters,
    (SELECT uniqExact(topic, \`partition\`, \`offset\`, \`index\`) FROM dead_letters WHERE ${where}) AS distinctDeadLetters,
    (SELECT sum(l.dead_letters) FROM ledger AS l FINAL WHERE ${where}) AS ledgerDeadLetters,
    (SELECT countIf(batch_start != before) FROM (
      SELECT batch_start, lagInFrame(batch_end + 1, 1, 0) OVER (PARTITION BY topic, \`partition\` ORDER BY batch_start) AS before
      FROM ledger FINAL WHERE ${where})) AS misplacedTiles`;
  const [row] = await store.query<Record<keyof Account, string | number | null>>(sql);
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])) as unknown as Account;
}

/** The account of a store in which every one of `events` lines became one event. */
export function wholeAccount(events: number): Account {
  return {
    events,
    distinct: events,
    partials: events,
    ledgerRecords: events,
    ledgerEvents: events,
    completeness: events,
    unaccounted: 0,
    deadLetters: 0,
    distinctDeadLetters: 0,
    ledgerDeadLetters: 0,
    misplacedTiles: 0,
  };
}

/** Lines of free text, each different. */
export function textLines(count: number, from = 0): string {
  let text = "";
  for (let i = from; i < from + count; i++) text += `2026-03-02 10:${pad(i / 60)}:${pad(i)} INFO job ${i} done\n`;
  return text;
}

function pad(value: number): string {
  return String(Math.floor(value) % 60).padStart(2, "0");
}
