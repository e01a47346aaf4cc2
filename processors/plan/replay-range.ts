/** A row of the ledger, as far as choosing what to replay needs it. Offsets as text: they come and go as such. */
export interface LedgerEntry {
  readonly topic: string;
  readonly partition: number;
  readonly batchStart: string;
  readonly batchEnd: string;
  readonly run: number;
  readonly source: string;
  readonly events: number;
  /** Range of event times, microseconds since the epoch. */
  readonly timestampUsMin: number;
  readonly timestampUsMax: number;
  /** Minutes of the append times, seconds since the epoch. */
  readonly minutes: readonly number[];
  /** Seconds since the epoch. */
  readonly storedAt: number;
}

/** A batch with the corrections that were made inside of it: replayed as a whole. */
export interface StoredBatch extends LedgerEntry {
  readonly corrections: readonly LedgerEntry[];
  /** Run under which it is stored anew. */
  readonly runNext: number;
}

/** [fromUs, toUs) of event time, microseconds since the epoch. */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * The batches that a range touches: those with an event time in it, or, where they have no events, an append minute. Entries
 * come by topic, partition and start; of two that start together the longer one first.
 */
export function batchesTouching(entries: readonly LedgerEntry[], range: TimeRange): StoredBatch[] {
  const found: StoredBatch[] = [];
  for (const partition of byPartition(entries)) {
    const runNext = partition.reduce((max, { run }) => Math.max(max, run), 0) + 1;
    const batches: { readonly entry: LedgerEntry; readonly corrections: LedgerEntry[] }[] = [];
    for (const entry of partition) {
      const last = batches.at(-1);
      if (last !== undefined && BigInt(entry.batchEnd) <= BigInt(last.entry.batchEnd)) last.corrections.push(entry);
      else batches.push({ entry, corrections: [] });
    }
    for (const { entry, corrections } of batches)
      if ([entry, ...corrections].some((one) => touches(one, range))) found.push({ ...entry, corrections, runNext });
  }
  return found;
}

function touches(
  { events, timestampUsMin, timestampUsMax, minutes }: LedgerEntry,
  { fromUs, toUs }: TimeRange,
): boolean {
  if (events > 0) return timestampUsMax >= fromUs && timestampUsMin < toUs;
  return minutes.some((minute) => (minute + 60) * 1_000_000 > fromUs && minute * 1_000_000 < toUs);
}

function byPartition(entries: readonly LedgerEntry[]): LedgerEntry[][] {
  const groups = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const key = `${entry.partition} ${entry.topic}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?\s*(Z|[+-]\d{2}:\d{2})?$/;

/** `2026-03-02`, `2026-03-02T12:00`, `2026-03-02T12:00:00.5+01:00`; UTC unless it says otherwise. Null if it is none. */
export function parseInstantUs(text: string): number | null {
  const match = INSTANT.exec(text);
  if (match === null) return null;
  const [, day, minute = "00:00", second = "00", fraction = "", zone = "Z"] = match;
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return null;
  const ms = Date.parse(`${day}T${minute}:${second}${zone}`);
  return Number.isNaN(ms) ? null : ms * 1000 + Number(fraction.padEnd(6, "0"));
}
