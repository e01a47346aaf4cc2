import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../processors/main.ts", import.meta.url));
/** Whoever ends by itself is started again after so long, as a container would be. */
const AGAIN_MS = 1000;

export interface MemberOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** File for its log. */
  readonly log: string;
  /** How long it stays down that ended by itself. */
  readonly againMs?: number;
}

/** A process of Weir's that is kept running, and what can be done to it. */
export interface Member {
  readonly name: string;
  readonly isFrozen: boolean;
  readonly isDown: boolean;
  /** Exit codes of those that ended by themselves. */
  readonly ownEnds: readonly (number | null)[];
  /** kill -9; it stays down until it is started. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has ended, or was killed for taking longer. */
  stop(msMax: number): Promise<{ readonly inTime: boolean }>;
  freeze(): void;
  thaw(): void;
  start(): void;
  /** Its log so far. */
  read(): string;
}

export function startMember({ name, args, env, log, againMs = AGAIN_MS }: MemberOptions): Member {
  const ownEnds: (number | null)[] = [];
  let child: ChildProcess | null = null;
  let isWanted = false;
  let isFrozen = false;

  function start(): void {
    isWanted = true;
    if (child !== null) return;
    const file = openSync(log, "a");
    const { PATH = "", HOME = "" } = process.env;
    const started = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH, HOME, ...env },
      stdio: ["ignore", file, file],
    });
    closeSync(file);
    child = started;
    const killed = () => started.kill("SIGKILL");
    process.once("exit", killed);
    started.once("exit", (code) => {
      process.off("exit", killed);
      if (child !== started) return;
      child = null;
      isFrozen = false;
      if (!isWanted) return;
      ownEnds.push(code);
      setTimeout(() => {
        if (isWanted) start();
      }, againMs);
    });
  }

  async function end(signal: NodeJS.Signals, msMax: number): Promise<{ inTime: boolean }> {
    isWanted = false;
    const running = child;
    if (running === null) return { inTime: true };
    const ended = new Promise<void>((resolve) => running.once("exit", () => resolve()));
    running.kill(signal);
    let inTime = true;
    const timer = setTimeout(() => {
      inTime = false;
      running.kill("SIGKILL");
    }, msMax);
    await ended;
    clearTimeout(timer);
    return { inTime };
  }

  start();
  return {
    name,
    ownEnds,
    get isFrozen() {
      return isFrozen;
    },
    get isDown() {
      return child === null;
    },
    async kill() {
      await end("SIGKILL", 10_000);
    },
    stop: (msMax) => end("SIGTERM", msMax),
    freeze() {
      isFrozen = child?.kill("SIGSTOP") ?? false;
    },
    thaw() {
      if (isFrozen) child?.kill("SIGCONT");
      isFrozen = false;
    },
    start,
    read: () => readFileSync(log, "latin1"),
  };
}
