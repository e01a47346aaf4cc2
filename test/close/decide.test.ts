import { describe, expect, it } from "vitest";
import { packChunks, packStretches } from "../../processors/close/chunk.ts";
import { afterCut, type CutHistory, decideCut, NO_CUTS, nextDueUs, type Tick } from "../../processors/close/decide.ts";
import type { Cut, LedgerBatch } from "../../processors/model/cut.ts";

const SECOND = 1_000_000;

function batch(start: number, fromSecond: number, toSecond: number, partition = 0): LedgerBatch {
  return {
    topic: "a",
    partition,
    batchStart: BigInt(start),
    batchEnd: BigInt(start + 9),
    run: 0,
    source: "a",
    timestampUsMin: fromSecond * SECOND,
    timestampUsMax: toSecond * SECOND,
  };
}

function tick(nowSecond: number, reachedSecond: number, over: Partial<Tick> = {}): Tick {
  return {
    history: NO_CUTS,
    nowUs: nowSecond * SECOND,
    partitions: [
      {
        topic: "a",
        partition: 0,
        source: "a",
        next: 5n,
        reachedUs: reachedSecond * SECOND,
        isLoaded: false,
        proof: null,
        punctuality: { disorderUs: 10 * SECOND, latenessUs: 100 * SECOND },
      },
    ],
    added: [],
    removed: [],
    sizesUs: [10 * SECOND, 300 * SECOND],
    isForced: false,
    ...over,
  };
}

/** Ticks that each add one batch; gives the cuts and the history after them. */
function cutsOf(steps: readonly (readonly [now: number, reached: number, from: number])[]) {
  let history: CutHistory = NO_CUTS;
  const cuts: Cut[] = [];
  for (const [i, [now, reached, from]] of steps.entries()) {
    const cut = decideCut(tick(now, reached, { history, added: [batch(i * 10, from, reached)] }))!;
    cuts.push(cut);
    history = afterCut(history, cut);
  }
  return { cuts, history };
}

describe("a cut", () => {
  it("has every batch that came, and the watermark that they give", () => {
    const { cuts } = cutsOf([
      [1000, 1000, 980],
      [1001, 1003, 1000],
    ]);
    expect(cuts[1]).toMatchObject({ id: 2, watermarkUs: 993 * SECOND, watermarkBeforeUs: 990 * SECOND });
    expect(cuts[1].added.map(({ batchStart }) => batchStart)).toEqual([10n]);
  });

  it("is not made while nothing could be due", () => {
    const { history } = cutsOf([[1000, 1000, 980]]);
    expect(decideCut(tick(1001, 1000, { history }))).toBeNull();
  });

  it("is made without a batch when the watermark passes the end of a window", () => {
    const { history } = cutsOf([[1000, 1000, 980]]);
    const idle = tick(1015, 1000, { history });
    const proof = { end: 5n, atUs: 1015 * SECOND, isFinal: false };
    const cut = decideCut({ ...idle, partitions: [{ ...idle.partitions[0], proof }] });
    expect(cut).toMatchObject({ watermarkUs: 1005 * SECOND, added: [] });
  });

  it("is made without a batch only where windows with events end, and once a minute up to a day after the last event", () => {
    const { history } = cutsOf([[1000, 1000, 980]]);
    const before = { ...history, isSettled: true };
    const made = Array.from({ length: 100 }, (_, i) => 991 + i).reduce<{ history: CutHistory; at: number[] }>(
      (state, second) => {
        const idle = tick(second + 10, 1000, { history: state.history });
        const proof = { end: 5n, atUs: (second + 10) * SECOND, isFinal: false };
        const cut = decideCut({ ...idle, partitions: [{ ...idle.partitions[0], proof }] });
        if (cut === null) return state;
        return { history: afterCut(state.history, cut), at: [...state.at, second] };
      },
      { history: before, at: [] },
    );
    // Ends of windows of 10 s: 1000 and 1010; minutes: 1020 and 1080.
    expect(made.at).toEqual([1000, 1010, 1020, 1080]);
    // One that revises nothing leaves nothing to revise.
    const early = tick(1005, 1000, { history: before });
    const proof = { end: 5n, atUs: 1012 * SECOND, isFinal: false };
    const cut = decideCut({ ...early, partitions: [{ ...early.partitions[0], proof }] })!;
    expect(cut).toMatchObject({ isRevising: false, added: [] });
    const isSettledAfter = (isSettled: boolean) => afterCut({ ...before, isSettled }, cut).isSettled;
    expect([isSettledAfter(true), isSettledAfter(false)]).toEqual([true, false]);
    expect(nextDueUs({ ...before, watermarkUs: 1190 * SECOND }, [10 * SECOND, 300 * SECOND])).toBe(1200 * SECOND);
    expect(nextDueUs({ ...before, watermarkUs: 90_000 * SECOND }, [10 * SECOND])).toBe(Number.POSITIVE_INFINITY);
  });

  it("is made once without a batch when nothing more can come, for windows that end after the last event", () => {
    const { history } = cutsOf([[1000, 1000, 980]]);
    const ended = tick(1001, 1000, { history });
    const partitions = [{ ...ended.partitions[0], proof: { end: 5n, atUs: 1001 * SECOND, isFinal: true } }];
    const passed = { ...history, watermarkUs: 1000 * SECOND };
    const cut = decideCut({ ...ended, partitions, history: passed });
    expect(cut).toMatchObject({ isDrained: true, added: [] });
    expect(decideCut({ ...ended, partitions, history: afterCut(passed, cut!) })).toBeNull();
  });

  it("revises closed windows at most every ten seconds, and then only those closed at the revising cut before, or earlier", () => {
    const { cuts } = cutsOf([
      [1000, 1000, 980],
      [1005, 1005, 900],
      [1009, 1009, 900],
      [1010, 1010, 900],
      [1019, 1019, 900],
      [1020, 1020, 900],
    ]);
    expect(cuts.map(({ isRevising }) => isRevising)).toEqual([true, false, false, true, false, true]);
    // The watermark of the revising cut before; shares since the one before that.
    expect(cuts[3]).toMatchObject({ reviseBeforeUs: 990 * SECOND, reviseAfter: 0 });
    expect(cuts[5]).toMatchObject({ reviseBeforeUs: 1000 * SECOND, reviseAfter: 1 });
  });

  it("comes by itself for shares that wait for a revision", () => {
    const { history } = cutsOf([
      [1000, 1000, 980],
      [1005, 1005, 900],
    ]);
    expect(decideCut(tick(1006, 1005, { history }))).toBeNull();
    expect(decideCut(tick(1010, 1005, { history }))).toMatchObject({ isRevising: true, added: [] });
    expect(decideCut(tick(1006, 1005, { history, isForced: true }))).toMatchObject({ reviseBeforeUs: 995 * SECOND });
  });

  it("tells what is too late by what the partition had reached before, and nothing of a new partition", () => {
    const { cuts, history } = cutsOf([
      [1000, 1000, 980],
      [1020, 1020, 900],
    ]);
    expect(cuts.map(({ added }) => added[0].tooLateBeforeUs)).toEqual([0, 890 * SECOND]);
    // Offsets that were passed already: a correction.
    const correction = { ...batch(-9, 1, 5), run: 1 };
    expect(decideCut(tick(1021, 1020, { history, added: [correction] }))?.added[0].tooLateBeforeUs).toBe(0);
    const fresh = tick(1021, 1020, { history, added: [batch(0, 1, 5, 7)] });
    const facts = { ...fresh.partitions[0], partition: 7, reachedUs: 5 * SECOND };
    expect(decideCut({ ...fresh, partitions: [...fresh.partitions, facts] })?.added[0].tooLateBeforeUs).toBe(0);
  });

  it("has windows computed anew where batches that counted are gone", () => {
    const { history } = cutsOf([[1000, 1000, 980]]);
    const cut = decideCut(tick(1001, 1000, { history, removed: [batch(0, 980, 1000)] }));
    expect(cut).toMatchObject({ recomputeFromUs: 980 * SECOND, recomputeToUs: 1000 * SECOND + 1 });
  });
});

describe("chunks", () => {
  const due = (rule: string, windowStart: number, shares: number) => ({ rule, version: 1, windowStart, shares });

  it("hold windows of one rule up to so many shares, a larger window alone", () => {
    expect(
      packChunks([due("a", 0, 4), due("a", 10, 5), due("a", 20, 2), due("a", 30, 99), due("b", 0, 1)], 10),
    ).toEqual([
      { rule: "a", version: 1, from: 0, to: 10, shares: 9 },
      { rule: "a", version: 1, from: 20, to: 20, shares: 2 },
      { rule: "a", version: 1, from: 30, to: 30, shares: 99 },
      { rule: "b", version: 1, from: 0, to: 0, shares: 1 },
    ]);
  });

  it("that are published go on over the next rule", () => {
    const windows = [due("a", 0, 4), due("a", 10, 5), due("b", 0, 1), due("b", 10, 1), due("c", 0, 99)];
    expect(packStretches(windows, 10)).toEqual([
      { rule: "a", from: 0, lastRule: "b", to: 0, shares: 10 },
      { rule: "b", from: 10, lastRule: "b", to: 10, shares: 1 },
      { rule: "c", from: 0, lastRule: "c", to: 0, shares: 99 },
    ]);
  });
});
