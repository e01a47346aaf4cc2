import { describe, expect, it } from "vitest";
import type { Plan } from "../../processors/plan/plan.ts";
import { type Decision, ledgerNext, reconcile, type Standing, type StopCode } from "../../processors/plan/reconcile.ts";

const makePlan = (start: bigint, ...cuts: bigint[]): Plan => ({ start, cuts, run: 0, attempt: 0, version: "v" });
const makeStanding = (over: Partial<Standing>): Standing => ({
  committed: null,
  plan: null,
  ledgerNext: null,
  begin: 0n,
  end: null,
  ...over,
});

describe("reconcile", () => {
  const plan = makePlan(10n, 20n);
  const planned = { committed: 10n, plan };
  const several = makePlan(10n, 15n, 20n);

  it.each<[Partial<Standing>, Exclude<Decision, { kind: "stop" }>, string]>([
    [{}, { kind: "continue", from: 0n }, "a partition that nobody has touched starts at its beginning"],
    [{ begin: 7n }, { kind: "continue", from: 7n }, "its beginning may have moved"],
    [{ end: 0n }, { kind: "continue", from: 0n }, "an empty source is at its end"],
    [{ ledgerNext: 5n }, { kind: "continue", from: 5n }, "a lost commit costs nothing: the ledger knows"],
    [{ ledgerNext: 5n, end: 5n }, { kind: "continue", from: 5n }, "a lost commit at the end of the source"],
    [{ committed: 0n }, { kind: "continue", from: 0n }, "committed at the beginning, nothing stored"],
    [{ committed: 10n, ledgerNext: 10n }, { kind: "continue", from: 10n }, "commit and ledger agree"],
    [{ committed: 10n, ledgerNext: 10n, end: 10n }, { kind: "continue", from: 10n }, "they agree at the end"],
    [
      { committed: 10n, ledgerNext: 10n, begin: 10n },
      { kind: "continue", from: 10n },
      "everything before was released",
    ],
    [{ committed: 10n, ledgerNext: 15n }, { kind: "skip", from: 15n }, "stored beyond the commit, without a plan"],
    [{ ...planned, ledgerNext: 20n }, { kind: "skip", from: 20n }, "the planned batch was stored whole"],
    [{ ...planned, ledgerNext: 25n }, { kind: "skip", from: 25n }, "so was one behind it"],
    [{ ...planned, ledgerNext: 20n, end: 20n }, { kind: "skip", from: 20n }, "the planned batch was the last"],
    [
      { ...planned, ledgerNext: 20n, begin: 15n, end: 20n },
      { kind: "skip", from: 20n },
      "what was stored is not missed in the source",
    ],
    [{ ...planned, ledgerNext: 10n }, { kind: "replay", plan }, "planned and not in the ledger"],
    [{ ...planned, plan: several, ledgerNext: 20n }, { kind: "skip", from: 20n }, "all planned batches were stored"],
    [
      { ...planned, plan: several, ledgerNext: 10n },
      { kind: "replay", plan: several },
      "planned batches go again together",
    ],
    [
      { ...planned, plan: several, ledgerNext: 15n },
      { kind: "replay", plan: several },
      "so they do when the first one is in the ledger",
    ],
    [{ ...planned, ledgerNext: 10n, end: 20n }, { kind: "replay", plan }, "the plan ends where the source does"],
    [{ ...planned, ledgerNext: 10n, begin: 10n }, { kind: "replay", plan }, "the source begins where the plan does"],
    [
      { committed: 0n, plan: makePlan(0n, 5n) },
      { kind: "replay", plan: makePlan(0n, 5n) },
      "the first batch, with an empty ledger",
    ],
    [{ committed: 10n, ledgerNext: 4n }, { kind: "rewind", from: 4n }, "the store lost acknowledged rows"],
    [{ committed: 10n }, { kind: "rewind", from: 0n }, "the store is new, the commit is not"],
    [{ ...planned, ledgerNext: 4n }, { kind: "rewind", from: 4n }, "a rewind makes the plan void"],
    [{ committed: 10n, ledgerNext: 4n, begin: 4n }, { kind: "rewind", from: 4n }, "the source still has what was lost"],
    [{ committed: 10n, begin: 4n }, { kind: "rewind", from: 4n }, "nothing stored: all that the source still has"],
  ])("%o -> %o: %s", (standing, decision) => {
    expect(reconcile(makeStanding(standing))).toEqual(decision);
  });

  it.each<[Partial<Standing>, StopCode, RegExp, string]>([
    [
      { committed: 10n, ledgerNext: 10n, end: 9n },
      "PLAN_SOURCE_SHRANK",
      /ends at 9, before the offset 10 .* truncated or replaced/,
      "the source shrank",
    ],
    [
      { ledgerNext: 10n, end: 9n },
      "PLAN_SOURCE_SHRANK",
      /ends at 9, before the offset 10/,
      "it shrank, and the commit was lost",
    ],
    [
      { ...planned, ledgerNext: 20n, end: 15n },
      "PLAN_SOURCE_SHRANK",
      /ends at 15, before the offset 20/,
      "it shrank below what is stored, beyond the commit",
    ],
    [
      { committed: 10n, ledgerNext: 10n, begin: 11n },
      "PLAN_SOURCE_SHRANK",
      /begins at 11, after the offset 10 .* records are missing/,
      "the source lost what comes next",
    ],
    [
      { ledgerNext: 10n, begin: 11n },
      "PLAN_SOURCE_SHRANK",
      /begins at 11, after the offset 10/,
      "the same without a commit",
    ],
    [
      { committed: 10n, ledgerNext: 4n, begin: 5n },
      "PLAN_CONFLICT",
      /store ends at 4, but the source begins at 5/,
      "what the store lost is gone from the source too",
    ],
    [
      { ...planned, ledgerNext: 15n },
      "PLAN_CONFLICT",
      /ledger ends at 15, inside what is planned, 10-20: two writers/,
      "somebody else wrote other batches",
    ],
    [
      { ...planned, ledgerNext: 10n, end: 19n },
      "PLAN_SOURCE_SHRANK",
      /ends at 19, inside what is planned, 10-20/,
      "the source shrank into the plan",
    ],
  ])("%o stops with %s: %s: %s", (standing, code, reason) => {
    const decision = reconcile(makeStanding(standing));
    expect(decision).toEqual({ kind: "stop", code, reason: expect.stringMatching(reason) });
  });

  it("never goes on from where the source or the ledger is not, whatever the standing", () => {
    const some = [0n, 1n, 2n, 3n];
    const maybe = [null, ...some];
    for (const committed of maybe)
      for (const stored of maybe)
        for (const begin of some)
          for (const end of maybe)
            for (const next of committed === null ? [null] : [null, committed + 1n, committed + 2n]) {
              if (end !== null && end < begin) continue;
              const made = next === null ? null : makePlan(committed!, next);
              const decision = reconcile({ committed, plan: made, ledgerNext: stored, begin, end });
              if (decision.kind === "stop") continue;
              const from = decision.kind === "replay" ? decision.plan.start : decision.from;
              expect(from).toBe(decision.kind === "continue" && committed !== null ? committed : (stored ?? begin));
              expect(from >= begin).toBe(true);
              expect(end === null || from <= end).toBe(true);
            }
  });
});

describe("ledgerNext", () => {
  const tiles = (...ranges: [number, number][]) =>
    ranges.map(([batchStart, batchEnd]) => ({ batchStart: BigInt(batchStart), batchEnd: BigInt(batchEnd) }));

  it.each<[[number, number][], bigint, bigint | null, string]>([
    [[], 0n, null, "an empty ledger"],
    [[[0, 9]], 0n, 10n, "one batch"],
    [
      [
        [0, 9],
        [10, 19],
      ],
      0n,
      20n,
      "two batches side by side",
    ],
    [
      [
        [0, 9],
        [11, 19],
      ],
      0n,
      10n,
      "a gap ends the run",
    ],
    [[[1, 9]], 0n, null, "a gap at the beginning"],
    [
      [
        [0, 9],
        [5, 5],
        [10, 19],
      ],
      0n,
      20n,
      "a correction of one record inside",
    ],
    [
      [
        [0, 9],
        [9, 9],
        [11, 19],
      ],
      0n,
      10n,
      "a correction closes no gap",
    ],
    [
      [
        [0, 0],
        [0, 9],
      ],
      0n,
      10n,
      "a correction at a batch's start, sorted before it",
    ],
    [
      [
        [0, 9],
        [0, 4],
      ],
      0n,
      10n,
      "a shorter batch with the same start, after",
    ],
    [
      [
        [0, 4],
        [5, 9],
      ],
      5n,
      10n,
      "what is before the beginning doesn't matter",
    ],
    [
      [
        [0, 4],
        [6, 9],
      ],
      6n,
      10n,
      "nor does a gap there",
    ],
    [[[0, 9]], 5n, 10n, "a batch over the beginning"],
    [[[0, 4]], 5n, null, "a ledger that ends before the beginning"],
  ])("of %j from %s on is %s: %s", (ranges, begin, next) => {
    expect(ledgerNext(tiles(...ranges), begin)).toBe(next);
  });
});
