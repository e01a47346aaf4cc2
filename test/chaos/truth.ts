import { readFileSync } from "node:fs";

/** A line of the truth file: records of a partition that Kafka has acknowledged. */
export interface SentRecords {
  readonly partition: number;
  readonly first: number;
  readonly records: number;
  /** Offsets of those that are no JSON. */
  readonly bad: readonly number[];
  readonly blank: readonly number[];
}

/** Its last line: what all events come to, per window of 10 seconds (start in seconds) and service. */
export interface TrueWindows {
  readonly windows: Readonly<Record<string, WindowSum>>;
}

export interface WindowSum {
  events: number;
  errors: number;
  /** Sum of the numbers that name the events. */
  numbers: number;
}

export const WINDOW_SECONDS = 10;

export function windowKey(startSeconds: number, service: string): string {
  return `${startSeconds} ${service}`;
}

/** What the generator says of a partition. */
export interface PartitionTruth {
  readonly partition: number;
  records: number;
  readonly bad: Set<number>;
  readonly blank: Set<number>;
}

export interface Truth {
  readonly partitions: readonly PartitionTruth[];
  readonly windows: ReadonlyMap<string, WindowSum>;
}

/** Reads what the generator wrote. Throws when it has a hole or was not ended. */
export function readTruth(path: string): Truth {
  const partitions = new Map<number, PartitionTruth>();
  let windows: ReadonlyMap<string, WindowSum> | null = null;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "") continue;
    const entry = JSON.parse(line) as SentRecords | TrueWindows;
    if ("windows" in entry) {
      windows = new Map(Object.entries(entry.windows));
      continue;
    }
    const { partition, first, records, bad, blank } = entry;
    let known = partitions.get(partition);
    if (known === undefined) {
      known = { partition, records: 0, bad: new Set(), blank: new Set() };
      partitions.set(partition, known);
    }
    if (first !== known.records) throw new Error(`The truth of partition ${partition} has a hole before ${first}.`);
    known.records += records;
    for (const offset of bad) known.bad.add(offset);
    for (const offset of blank) known.blank.add(offset);
  }
  if (windows === null) throw new Error(`The truth in ${path} has no end.`);
  return { partitions: [...partitions.values()].sort((a, b) => a.partition - b.partition), windows };
}
