import { describe, expect, it } from "vitest";
import { createOwnFormat } from "../../processors/parse/dissect.ts";
import { makeOwn, makeOwnParser, rowOf } from "../support/make-own-format.ts";
import { blocksOf, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeParseOptions, makeParser, makeRecords, rowsOf } from "../support/make-records.ts";
import { useStore } from "../support/make-store.ts";

const store = useStore();

const TIMES: readonly [format: string, text: string, isExact: boolean][] = [
  ["%Y/%m/%d %H:%M:%S", "2024/02/29 10:05:03", true],
  ["%Y/%m/%d %H:%M:%S", "2024/2/9 10:05:03", false],
  ["%F %T.%f", "2024-02-29 10:05:03.025", true],
  ["%F %T,%f", "2024-02-29 10:05:03,025000", true],
  ["%F %T,%f", "2024-02-29 10:05:03,0250001", false],
  ["%d.%m.%Y %R", "29.02.2024 10:05", true],
  ["%b %e %T", "Nov  4 10:05:03", true],
  ["%b %e %T", "nov 4 10:05:03", false],
  ["%a %b %d %H:%M:%S %Y", "Thu Feb 29 10:05:03 2024", true],
  ["%a %b %d %H:%M:%S %Y", "Fri Feb 29 10:05:03 2024", false],
  ["%d/%b/%Y:%T %z", "29/Feb/2024:10:05:03 -0830", true],
  ["%d/%b/%Y:%T %z", "29/Feb/2024:10:05:03 -08:30", false],
  ["%m/%d/%y %I:%M %p", "02/29/24 10:05 AM", false],
  ["epoch_ms", "1709201103025", true],
  ["epoch_ms", "1709201103025.5", false],
  ["iso8601", "2024-02-29T10:05:03.025+02:00", true],
];

describe("the line of a format of one's own", () => {
  it("comes back from the store, times out of the event time where that tells how they were written", async () => {
    for (const [i, [format, text, isExact]] of TIMES.entries()) {
      const line = `<${text}> INFO   -  50% of it=here 200`;
      const own = makeOwn("<%{time|time}> %{level->} - %{->} %{msg} %{*k}=%{&k} %{status|int}", {
        timeFormats: [format],
      });
      const [row] = rowsOf(makeOwnParser(own.patterns, own)([line]));
      const keys = ((row["attributes"] ?? []) as [string, string][]).map(([key]) => key);
      expect(keys.includes("time"), `${format} ${text}`).toBe(!isExact);
      const parse = makeParseOptions({ format: "own", isDeclared: true, formats: [createOwnFormat(own)] });
      const topic = `own${i}`;
      const encoded = runPipeline(makePipeline("own", { parse }), makeRecords([line], { topic }));
      for (const block of blocksOf(encoded)) await store().insert(block);
      const found = await store().query("SELECT line FROM events WHERE topic = {topic:String}", { topic });
      expect(found, format).toEqual([{ line }]);
    }
  });
});

describe("a time without a zone", () => {
  it("is of the source's zone", () => {
    const formats = [createOwnFormat(makeOwn("%{time} %{+time} x", { timeFormats: ["%Y/%m/%d %H:%M:%S"] }))];
    const parse = makeParser({ format: "own", isDeclared: true, formats, timezone: "Europe/Berlin" });
    const [summer, winter] = rowsOf(parse(["2024/07/01 12:00:00 x", "2024/12/01 12:00:00 x"]));
    expect([summer["timestamp"], winter["timestamp"]]).toEqual([
      "2024-07-01T10:00:00.000000Z",
      "2024-12-01T11:00:00.000000Z",
    ]);
    expect(rowOf("2024-07-01T12:00:00Z", "%{time}", { timeFormats: ["iso8601"] })).toMatchObject({
      timestamp: "2024-07-01T12:00:00.000000Z",
    });
  });
});
