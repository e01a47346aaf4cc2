import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Where report-usage.ts writes. */
export const USAGE_DESCRIPTOR = 3;
const STDERR_LENGTH_MAX = 2000;
const REPORT_USAGE = new URL("./report-usage.ts", import.meta.url).href;
const WEIR = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));

export interface Usage {
  /** User and system time of all threads, from start to exit. */
  readonly cpuSeconds: number;
  readonly peakRssKib: number;
}

export interface ChildRun {
  readonly stdout: string;
  /** From start to exit, as its parent sees it. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Megabytes of 10^6 bytes. */
  readonly peakRssMb: number;
}

/** A program under way. */
export interface Running {
  /** User and system time of all threads since its start. */
  cpuSeconds(): number;
  /** Ends it in order (SIGTERM). */
  stop(): void;
}

/** Told each line of a program's standard error as it comes. */
export type Watch = (line: string, running: Running) => void;

/** `weir` as a user runs it. */
export function runWeir(args: readonly string[], cwd: string, watch?: Watch): Promise<ChildRun> {
  return runNode(WEIR, args, cwd, watch);
}

/**
 * Runs a program of this Node.js to its end and tells what it used. Configuration of the surroundings doesn't reach it:
 * neither variables nor, if the working directory is empty, a weir.yaml. Throws if it fails.
 */
export async function runNode(program: string, args: readonly string[], cwd: string, watch?: Watch): Promise<ChildRun> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(WEIR_|NODE_|VITEST)/.test(name)));
  const startedMs = performance.now();
  const child = spawn(process.execPath, ["--import", REPORT_USAGE, program, ...args], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let endedMs = startedMs;
  const exited = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      endedMs = performance.now();
      resolve(signal ?? String(code));
    });
  });
  const running: Running = { cpuSeconds: () => cpuSecondsOf(child.pid!), stop: () => child.kill("SIGTERM") };
  if (watch !== undefined) createInterface(child.stdio[2] as Readable).on("line", (line) => watch(line, running));
  const pipe = (descriptor: number) => text(child.stdio[descriptor] as Readable);
  const [stdout, stderr, usage, status] = await Promise.all([pipe(1), pipe(2), pipe(USAGE_DESCRIPTOR), exited]);
  if (status !== "0")
    throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr.slice(-STDERR_LENGTH_MAX)}`);
  const { cpuSeconds, peakRssKib } = JSON.parse(usage) as Usage;
  return { stdout, seconds: (endedMs - startedMs) / 1000, cpuSeconds, peakRssMb: (peakRssKib * 1024) / 1e6 };
}

const TICKS_PER_SECOND = 100;

/** As Linux tells it, in steps of 10 ms; NaN elsewhere. */
function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}
