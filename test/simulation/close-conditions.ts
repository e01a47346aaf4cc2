import type { DueWindows } from "../../processors/close/chunk.ts";
import type { BatchRange } from "../../processors/model/cut.ts";

/*
 * The conditions of services/close-statements.ts, on values.
 */

export type Parameters = Readonly<Record<string, unknown>>;

interface Place {
  readonly start: number;
  readonly size: number;
}

/** As `batchKey` of the store has it. */
export function keyOf({ topic, partition, batchStart, batchEnd, run }: BatchRange): string {
  return `${topic} ${partition} ${batchStart} ${batchEnd} ${run}`;
}

export function windowKey({ start, key }: { readonly start: number; readonly key: readonly string[] }): string {
  return `${start} ${key.join(" ")}`;
}

export function endUs({ start, size }: Place): number {
  return (start + size) * 1_000_000;
}

export function isIn({ start }: { readonly start: number }, p: Parameters): boolean {
  return start >= Number(p["from"]) && start <= Number(p["to"]);
}

export function isRecomputed(window: Place, p: Parameters): boolean {
  return endUs(window) > Number(p["recomputeFrom"]) && window.start * 1_000_000 < Number(p["recomputeTo"]);
}

/** Whether the cut makes the window due, for what came in the cut `cutId`. */
export function isDue(window: Place, cutId: number, p: Parameters): boolean {
  const end = endUs(window);
  const watermark = Number(p["watermark"]);
  const isDrained = p["isDrained"] === 1;
  return (
    (end > Number(p["watermarkBefore"]) && end <= watermark) ||
    (end <= Number(p["reviseBefore"]) && cutId > Number(p["reviseAfter"])) ||
    (isDrained && cutId > Number(p["drainedAfter"])) ||
    (isRecomputed(window, p) && (end <= watermark || isDrained))
  );
}

/** Rows per rule, version and start, in that order. */
export function dueOf(
  rows: readonly { readonly rule: string; readonly version: number; readonly start: number }[],
): DueWindows[] {
  const due = new Map<string, DueWindows>();
  for (const { rule, version, start } of rows) {
    const id = `${rule} ${version} ${start}`;
    due.set(id, { rule, version, windowStart: start, shares: (due.get(id)?.shares ?? 0) + 1 });
  }
  return [...due.values()].sort((a, b) =>
    a.rule === b.rule ? a.version - b.version || a.windowStart - b.windowStart : a.rule < b.rule ? -1 : 1,
  );
}

/** What rows are published by, as text that sorts. */
export function order({
  rule,
  start,
  key,
  revision,
}: {
  readonly rule: string;
  readonly start: number;
  readonly key: readonly string[];
  readonly revision: number;
}): string {
  return `${rule} ${start} ${key.join(" ")} ${String(revision).padStart(6, "0")}`;
}
