import { describe, expect, it } from "vitest";
import type { AuditFacts, CommitFacts, LedgerFacts, RowFacts } from "../../processors/audit/facts.ts";
import { judge } from "../../processors/audit/judge.ts";
import { rangesOf, writeRanges } from "../../processors/audit/offsets.ts";

const place = { topic: "t", partition: 0 };
const ledger: LedgerFacts = {
  ...{ ...place, source: "s", batches: 2, start: 0n, next: 200n },
  ...{ records: 200, ok: 200, dropped: 0, deadLetters: 0, events: 200 },
};
const rows: RowFacts = {
  ...{ ...place, table: "events", found: 200, expired: 0, missing: 0, surplus: 0 },
  ...{ batches: [], uncounted: 0, uncountedBatches: [] },
};
const commit: CommitFacts = { ...place, offset: 200n, planned: 200n, isRewinding: false, begin: 0n };
const right: AuditFacts = {
  ...{ ledger: [ledger], tiles: [], sums: [], rows: [rows], repeats: [], shares: [], erased: [], missing: [] },
  ...{ commitsBefore: [commit], commitsAfter: [commit] },
};
const codesOf = (facts: Partial<AuditFacts>) => judge({ ...right, ...facts }).findings.map(({ code }) => code);
const short: RowFacts = {
  ...{ ...rows, found: 197, missing: 3 },
  batches: [{ start: 100n, end: 199n, least: 100, most: 100, found: 97 }],
};

describe("judge", () => {
  it("finds nothing where all agree", () => {
    expect(judge(right)).toMatchObject({
      findings: [],
      partitions: [{ eventsFound: 200, committed: 200n, findings: 0 }],
    });
  });

  it("takes no more for erased than was erased", () => {
    expect(codesOf({ rows: [short], erased: [{ ...place, events: 3, deadLetters: 0 }] })).toEqual([]);
    const { findings } = judge({ ...right, rows: [short], erased: [{ ...place, events: 2, deadLetters: 0 }] });
    expect(findings.map(({ text }) => text)).toEqual([
      "1 events of the ledger are not in the table (2 more were erased), among the offsets 100–199.",
    ]);
  });

  it("names missing offsets that were found out", () => {
    const missing = [{ ...place, batchStart: 100n, offsets: [105n, 117n, 118n], mayBeDropped: false }];
    expect(judge({ ...right, rows: [short], missing }).findings).toMatchObject([
      {
        text: "3 events of the ledger are not in the table, at the offsets 105, 117–118.",
        ranges: [
          [105n, 105n],
          [117n, 118n],
        ],
      },
    ]);
  });

  it("leaves rows of a batch that is planned, or being removed, to whoever has it", () => {
    const loose = { ...rows, uncounted: 5, uncountedBatches: [200n] };
    expect(codesOf({ rows: [loose] })).toEqual(["EVENTS_UNCOUNTED"]);
    expect(codesOf({ rows: [loose], commitsAfter: [{ ...commit, planned: 300n }] })).toEqual([]);
    expect(codesOf({ rows: [loose], commitsAfter: [{ ...commit, isRewinding: true }] })).toEqual([]);
  });

  it("compares the ledger's ends with the source's and with the commit", () => {
    expect(codesOf({ ledger: [{ ...ledger, start: 50n }] })).toEqual(["LEDGER_GAP"]);
    expect(codesOf({ ledger: [{ ...ledger, start: 50n }], commitsAfter: [{ ...commit, begin: null }] })).toEqual([]);
    expect(codesOf({ commitsBefore: [{ ...commit, offset: 201n }] })).toEqual(["COMMIT_BEYOND_LEDGER"]);
    expect(codesOf({ commitsBefore: [{ ...commit, begin: 260n }] })).toEqual(["SOURCE_BEHIND"]);
    expect(codesOf({ ledger: [], rows: [], commitsBefore: [commit] })).toEqual(["COMMIT_BEYOND_LEDGER"]);
  });
});

describe("offsets", () => {
  it("are written as stretches, and not all of many", () => {
    expect(writeRanges(rangesOf([7n, 5n, 6n, 5n, 9n]))).toBe("5–7, 9");
    expect(writeRanges(rangesOf(Array.from({ length: 13 }, (_, i) => BigInt(i * 2))))).toMatch(/18 and 3 more$/);
  });
});
