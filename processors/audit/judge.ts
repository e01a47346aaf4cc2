import type { Partition } from "../model/ports.ts";
import type { AuditFacts, CommitFacts, LedgerFacts, RowFacts, RowTable } from "./facts.ts";
import { rangesOf, writeRanges } from "./offsets.ts";

/** What an audit can find. README.md says of each what to do. */
export const FINDING_CODES = [
  "LEDGER_GAP",
  "LEDGER_OVERLAP",
  "LEDGER_SUMS",
  "EVENTS_MISSING",
  "EVENTS_REPEATED",
  "EVENTS_UNCOUNTED",
  "DEAD_LETTERS_MISSING",
  "DEAD_LETTERS_REPEATED",
  "DEAD_LETTERS_UNCOUNTED",
  "PARTIALS_DIFFER",
  "COMMIT_BEYOND_LEDGER",
  "SOURCE_BEHIND",
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** One thing that is wrong with a partition. */
export interface Finding extends Partition {
  readonly code: FindingCode;
  /** One sentence: what, where. */
  readonly text: string;
  /** Offsets that it is about, [first, last]; for events that are missing of a batch, the batch's range if no more is known. */
  readonly ranges: readonly (readonly [bigint, bigint])[];
}

/** A partition's account. */
export interface PartitionAccount extends LedgerFacts {
  /** Rows that the tables have. */
  readonly eventsFound: number;
  readonly deadLettersFound: number;
  /** Rows that are gone on purpose: by retention, by erasure. */
  readonly expired: number;
  readonly erased: number;
  /** null: not known. */
  readonly committed: bigint | null;
  readonly findings: number;
}

export interface Audit {
  readonly partitions: readonly PartitionAccount[];
  readonly findings: readonly Finding[];
}

const CODES: Readonly<Record<RowTable, { missing: FindingCode; repeated: FindingCode; uncounted: FindingCode }>> = {
  events: { missing: "EVENTS_MISSING", repeated: "EVENTS_REPEATED", uncounted: "EVENTS_UNCOUNTED" },
  dead_letters: {
    missing: "DEAD_LETTERS_MISSING",
    repeated: "DEAD_LETTERS_REPEATED",
    uncounted: "DEAD_LETTERS_UNCOUNTED",
  },
};
const NAMES: Readonly<Record<RowTable, string>> = { events: "events", dead_letters: "dead letters" };

/** Compares ledger, tables and commits. What retention or erasure took is no loss; nor is what is in hand. */
export function judge(facts: AuditFacts): Audit {
  const erasedOf = byPartition(facts.erased);
  const findings = [
    ...judgeTiles(facts),
    ...judgeSums(facts),
    ...facts.rows.flatMap((rows) => judgeRows(facts, rows, erasedOf)),
    ...judgeRepeats(facts),
    ...judgeShares(facts),
    ...judgeCommits(facts),
  ];
  return { findings, partitions: accounts(facts, findings) };
}

function judgeTiles({ tiles, ledger, commitsAfter }: AuditFacts): Finding[] {
  const found = tiles.map(({ topic, partition, batchStart, batchEnd, covered }): Finding => {
    if (batchStart > covered) {
      const range = [covered + 1n, batchStart - 1n] as const;
      return {
        ...{ topic, partition, code: "LEDGER_GAP", ranges: [range] },
        text: `No batch of the ledger has the offsets ${writeRanges([range])}.`,
      };
    }
    const isInside = batchEnd < covered;
    const range = [batchStart, isInside ? batchEnd : covered] as const;
    return {
      ...{ topic, partition, code: "LEDGER_OVERLAP", ranges: [range] },
      text: `Two batches of the ledger have the offsets ${writeRanges([range])}.`,
    };
  });
  // Where a source begins is known of those that keep everything: a file's offsets begin at 0.
  const startsAtZero = new Set(commitsAfter.filter(({ begin }) => begin === 0n).map(keyOf));
  for (const { topic, partition, start } of ledger) {
    if (start === 0n || !startsAtZero.has(keyOf({ topic, partition }))) continue;
    const range = [0n, start - 1n] as const;
    found.push({
      ...{ topic, partition, code: "LEDGER_GAP", ranges: [range] },
      text: `No batch of the ledger has the offsets ${writeRanges([range])}, where the source begins.`,
    });
  }
  return found;
}

function judgeSums({ sums }: AuditFacts): Finding[] {
  return sums.map((row) => {
    const { topic, partition, batchStart, batchEnd, records, ok, dropped, deadLetters, byMinute } = row;
    const range = [batchStart, batchEnd] as const;
    const parts =
      ok + dropped + deadLetters === records
        ? `${byMinute} by minute`
        : `${ok} ok, ${dropped} dropped and ${deadLetters} dead letters`;
    return {
      ...{ topic, partition, code: "LEDGER_SUMS", ranges: [range] },
      text: `The ledger's row of ${writeRanges([range])} counts ${records} records, but ${parts}.`,
    };
  });
}

function judgeRows(
  facts: AuditFacts,
  rows: RowFacts,
  erasedOf: ReadonlyMap<string, { events: number; deadLetters: number }>,
): Finding[] {
  const { topic, partition, table, missing, surplus } = rows;
  const erased = erasedOf.get(keyOf(rows));
  const gone = table === "events" ? (erased?.events ?? 0) : (erased?.deadLetters ?? 0);
  const found: Finding[] = [];
  // What was erased is known of a partition, not of a batch: while it explains all that is missing, nothing is.
  if (missing > gone) {
    const also = gone === 0 ? "" : ` (${gone} more were erased)`;
    const known = facts.missing.filter((one) => table === "events" && keyOf(one) === keyOf(rows));
    const short = rows.batches.filter(({ found, least }) => found < least);
    const ranges = short.flatMap((batch): readonly (readonly [bigint, bigint])[] => {
      const exact = known.find(({ batchStart }) => batchStart === batch.start);
      return exact === undefined ? [[batch.start, batch.end]] : rangesOf(exact.offsets);
    });
    const isExact = known.length > 0 && known.length === short.length;
    const among = !isExact || known.some(({ mayBeDropped }) => mayBeDropped) ? "among" : "at";
    found.push({
      ...{ topic, partition, code: CODES[table].missing, ranges },
      text: `${missing - gone} ${NAMES[table]} of the ledger are not in the table${also}, ${among} the offsets ${writeRanges(ranges)}.`,
    });
  }
  const repeat = facts.repeats.find((one) => one.table === table && keyOf(one) === keyOf(rows));
  // Rows that are there twice are told as such, with their offsets.
  if (surplus > 0 && repeat === undefined) {
    const ranges = rows.batches
      .filter((batch) => batch.found > batch.most)
      .map(({ start, end }) => [start, end] as const);
    found.push({
      ...{ topic, partition, code: CODES[table].uncounted, ranges },
      text: `The table has ${surplus} ${NAMES[table]} more than the ledger counts, in ${writeRanges(ranges)}.`,
    });
  }
  const commit = facts.commitsAfter.find((one) => keyOf(one) === keyOf(rows));
  const next = facts.ledger.find((one) => keyOf(one) === keyOf(rows))?.next ?? 0n;
  const loose = rows.uncountedBatches.filter((start) => !isInHand(start, commit, next));
  if (loose.length > 0) {
    const ranges = rangesOf(loose);
    found.push({
      ...{ topic, partition, code: CODES[table].uncounted, ranges },
      text: `The table has ${NAMES[table]} of batches that the ledger does not have and nobody has planned, beginning at ${writeRanges(ranges)}.`,
    });
  }
  return found;
}

/** Rows of a batch that is planned, or was when its rows were seen, come before their ledger row. */
function isInHand(start: bigint, commit: CommitFacts | undefined, next: bigint): boolean {
  // Nobody here knows what others have in hand.
  if (commit === undefined) return start >= next;
  return commit.isRewinding ? start >= commit.offset : start < commit.planned;
}

function judgeRepeats({ repeats }: AuditFacts): Finding[] {
  return repeats.map(({ topic, partition, table, rows, distinct, offsets }) => {
    const ranges = rangesOf(offsets);
    return {
      ...{ topic, partition, code: CODES[table].repeated, ranges },
      text: `${rows - distinct} ${NAMES[table]} are there twice, at the offsets ${writeRanges(ranges)}.`,
    };
  });
}

function judgeShares({ shares }: AuditFacts): Finding[] {
  return shares.map(({ topic, partition, rule, batchStart, batchEnd, events, found }) => {
    const range = [batchStart, batchEnd] as const;
    return {
      ...{ topic, partition, code: "PARTIALS_DIFFER", ranges: [range] },
      text: `Shares of ${rule} count ${found} of the ${events} events of the batch ${writeRanges([range])}.`,
    };
  });
}

function judgeCommits({ ledger, commitsBefore }: AuditFacts): Finding[] {
  const ledgerOf = new Map(ledger.map((one) => [keyOf(one), one]));
  return commitsBefore.flatMap(({ topic, partition, offset, begin, isRewinding }): Finding[] => {
    const key = keyOf({ topic, partition });
    const reached = ledgerOf.get(key)?.next ?? begin;
    const found: Finding[] = [];
    if (reached !== null && offset > reached && !isRewinding)
      found.push({
        ...{ topic, partition, code: "COMMIT_BEYOND_LEDGER", ranges: [[reached, offset - 1n]] },
        text: `The commit is at ${offset}, but the ledger ends at ${reached}.`,
      });
    if (begin !== null && begin > offset)
      found.push({
        ...{ topic, partition, code: "SOURCE_BEHIND", ranges: [[offset, begin - 1n]] },
        text: `The source begins at ${begin}, after the commit at ${offset}: records are gone that were not read.`,
      });
    return found;
  });
}

function accounts(
  { ledger, rows, erased, commitsAfter }: AuditFacts,
  findings: readonly Finding[],
): PartitionAccount[] {
  const commits = new Map(commitsAfter.map((one) => [keyOf(one), one.offset]));
  const erasedOf = byPartition(erased);
  const sums = new Map<string, { events: number; dead_letters: number; expired: number }>();
  for (const row of rows) {
    const sum = sums.get(keyOf(row)) ?? { events: 0, dead_letters: 0, expired: 0 };
    sum[row.table] += row.found;
    sum.expired += row.expired;
    sums.set(keyOf(row), sum);
  }
  const counts = new Map<string, number>();
  for (const finding of findings) counts.set(keyOf(finding), (counts.get(keyOf(finding)) ?? 0) + 1);
  return ledger.map((one) => {
    const key = keyOf(one);
    const gone = erasedOf.get(key);
    return {
      ...one,
      eventsFound: sums.get(key)?.events ?? 0,
      deadLettersFound: sums.get(key)?.dead_letters ?? 0,
      expired: sums.get(key)?.expired ?? 0,
      erased: (gone?.events ?? 0) + (gone?.deadLetters ?? 0),
      committed: commits.get(key) ?? null,
      findings: counts.get(key) ?? 0,
    };
  });
}

function byPartition<T extends Partition>(facts: readonly T[]): ReadonlyMap<string, T> {
  return new Map(facts.map((one) => [keyOf(one), one]));
}

/** Of a partition, and of everything that names one. */
export function keyOf({ topic, partition }: Partition): string {
  return `${topic}/${partition}`;
}
