import { describe, expect, it } from "vitest";
import { createEventsEncoder, rowsByDay } from "../../processors/encode/events.ts";
import { tokenOf } from "../../processors/encode/token.ts";
import type { InsertBlock } from "../../processors/model/ports.ts";
import { makeEvents } from "../aggregate/make-events.ts";
import { makeLines } from "../support/make-lines.ts";
import { blocksOf, makeIdentity, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeParser, makeRecords } from "../support/make-records.ts";

const DAY_US = 86_400_000_000;

describe("rowsByDay", () => {
  const daysOf = (us: readonly number[]) =>
    [...rowsByDay(makeEvents(us.map((at) => ({ us: at }))))].map(([day, { rows, indices }]) => [
      day,
      rows,
      indices === null ? null : [...indices],
    ]);

  it("gives all rows of one day without listing them", () => {
    expect(daysOf([DAY_US, 2 * DAY_US - 1])).toEqual([[1, 2, null]]);
  });

  it("gives the rows of several days in their order, the days ascending", () => {
    expect(daysOf([3 * DAY_US, DAY_US - 1, 3 * DAY_US - 1, 0, 3 * DAY_US + 1])).toEqual([
      [0, 2, [1, 3]],
      [2, 1, [2]],
      [3, 2, [0, 4]],
    ]);
  });

  it("gives nothing for no rows", () => {
    expect(daysOf([])).toEqual([]);
  });
});

describe("tokens", () => {
  it("differ by everything that an insert is", () => {
    const base = makeIdentity(makeRecords(["a", "b"]));
    const others = [{ topic: "t" }, { partition: 1 }, { batchStart: 1n }, { batchEnd: 9n }, { run: 1 }, { attempt: 1 }];
    const tokens = others.map((over) => tokenOf("events", { ...base, ...over }, "1"));
    tokens.push(tokenOf("events", base, "1"), tokenOf("events", base, "2"), tokenOf("partials", base, "1"));
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(tokenOf("events", base, "1")).toBe("0.0|made/0|0-3|events|1");
  });
});

/** A block as one text of hexadecimal bytes, with its header. */
const bytesOf = ({ native, token, structure }: InsertBlock) => [
  token,
  structure,
  Buffer.concat(native).toString("hex"),
];

describe("the same input", () => {
  it.each(["combined", "json"] as const)(
    "of %s gives the same bytes whatever the dictionaries held before",
    (format) => {
      const records = makeRecords(makeLines(1, 300, format));
      const fresh = blocksOf(runPipeline(makePipeline(format), records)).map(bytesOf);
      const used = makePipeline(format);
      runPipeline(used, makeRecords(makeLines(2, 300, format)));
      runPipeline(used, makeRecords(["words", ...makeLines(3, 50, "text")]));
      expect(blocksOf(runPipeline(used, records)).map(bytesOf)).toEqual(fresh);
    },
  );
});

describe("an events block", () => {
  it("can be written while the other encoder's block is still in use", () => {
    const batch = makeParser({ format: "text" })(["a", "b"]);
    const identity = makeIdentity(batch.records);
    const [day, selection] = [...rowsByDay(batch)][0];
    const first = createEventsEncoder()(batch, identity, day, selection);
    const before = bytesOf(first);
    createEventsEncoder()(makeParser({ format: "text" })(["c", "d"]), identity, day, selection);
    expect(bytesOf(first)).toEqual(before);
  });
});
