import { readFileSync } from "node:fs";
import { WeirError } from "../model/errors.ts";
import type { Journal } from "./journal.ts";

/** A process that holds something. */
export interface Holder {
  readonly pid: number;
  /** Tells two processes of one number apart; "" where the system doesn't say. */
  readonly started: string;
}

/**
 * Makes this process the only owner of a partition. A holder that is dead is replaced; one that lives, this process
 * among them, is SOURCE_BUSY. Returns what gives the partition up.
 */
export async function acquireLock(journal: Journal, topic: string, partition: number): Promise<() => Promise<void>> {
  const key = ["lock", topic, partition];
  const holder = thisProcess();
  await journal.transact((transaction) => {
    const value = transaction.get(key);
    const other = value && (JSON.parse(value.toString()) as Holder);
    if (other && isLive(other)) {
      const message = `Partition ${partition} of ${topic} is being processed by process ${other.pid}; wait for it to end, or stop it.`;
      throw new WeirError("SOURCE_BUSY", message);
    }
    transaction.put(key, Buffer.from(JSON.stringify(holder)));
  });
  return () => journal.transact((transaction) => transaction.remove(key));
}

let self: Holder | null = null;

export function thisProcess(): Holder {
  self ??= { pid: process.pid, started: startOf(process.pid) ?? "" };
  return self;
}

/** Whether a holder is still the process that it was. */
export function isLive({ pid, started }: Holder): boolean {
  return startOf(pid) === started;
}

/** When a process started, in words that never occur twice; null when there is no such process. */
function startOf(pid: number): string | null {
  if (process.platform !== "linux") return isAlive(pid) ? "" : null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything; state is the 3rd field, start time in ticks since boot the 22nd.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}/${fields[19]}`;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
