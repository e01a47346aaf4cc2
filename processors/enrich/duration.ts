import type { EventBatch } from "../model/event-batch.ts";

/**
 * What a message's last words say of how long something took: "page 3 read in 42 ms", "Started in 1.5 seconds", "took 8s".
 * After a participle or `took` only: "retrying in 5 s" tells of what is to come.
 */
const TOOK =
  /(?:\b(?:[A-Za-z]+(?:ed|en)|[Rr]ead|[Ss]ent|[Bb]uilt|[Dd]one|[Mm]ade|[Ff]ound) in|\b[Tt]ook:?) ([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(us|\xc2\xb5s|ms|milliseconds|s|sec|seconds)\.?$/;
const TAIL_BYTES = 64;
const US_PER_UNIT: Readonly<Record<string, number>> = {
  us: 1,
  "\xc2\xb5s": 1,
  ms: 1000,
  milliseconds: 1000,
  s: 1_000_000,
  sec: 1_000_000,
  seconds: 1_000_000,
};

/** Microseconds that a message (byte text) says that it took, rounded; 0 if it says none. */
export function durationOf(body: string): number {
  const last = body.charCodeAt(body.length - 1);
  if (last !== LOWER_S && last !== LOWER_C && last !== POINT) return 0;
  const found = TOOK.exec(body.slice(-TAIL_BYTES));
  return found === null ? 0 : Math.round(Number(found[1]) * US_PER_UNIT[found[2]]);
}

const POINT = 0x2e;
const LOWER_C = 0x63;
const LOWER_S = 0x73;

/** Sets the duration of events that have none from their messages. */
export function fillDurations({ rows, duration_us, strings: { body } }: EventBatch): void {
  for (let row = 0; row < rows; row++)
    if (duration_us[row] === 0 && body.ids[row] !== 0) duration_us[row] = durationOf(body.get(row));
}
