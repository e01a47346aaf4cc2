import { describe, expect, it } from "vitest";
import { FORMAT_NAMES, HEADERS, makeLines } from "../support/make-lines.ts";
import { blocksOf, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeRecords } from "../support/make-records.ts";
import { useStore } from "../support/make-store.ts";

const store = useStore();

/** What the engine gives back as `line`, in the order of the lines. */
async function storedLines(topic: string, format: string, lines: readonly string[]): Promise<string[]> {
  const records = makeRecords(lines, { topic, header: HEADERS[format] ?? "" });
  for (const block of blocksOf(runPipeline(makePipeline(format), records))) await store().insert(block);
  const rows = await store().query<{ line: string }>(
    "SELECT hex(line) AS line FROM events WHERE topic = {topic:String} ORDER BY `offset`",
    { topic },
  );
  return rows.map(({ line }) => Buffer.from(line, "hex").toString("latin1"));
}

/** A container's line in which the program wrote nothing is dropped as blank, too. */
const NOTHING_WRITTEN = /^\S+ std(?:out|err) [FP](?::\S*)?\s*$/;
const withText = (lines: readonly string[]) =>
  lines.filter((line) => /[^ \t\r\n]/.test(line) && !NOTHING_WRITTEN.test(line));

describe("the column line", () => {
  it.each(FORMAT_NAMES)("gives back lines of %s, whole and mutated, byte for byte", async (format) => {
    const lines = makeLines(21, 350, format);
    expect(await storedLines(format, format, lines)).toEqual(withText(lines));
  });

  it("gives back every way to write a time", async () => {
    const access = ["+0530", "-0800", "+0000", "-0000", "+1400", "-0030"].map(
      (zone) => `198.51.100.7 - - [01/Mar/2024:00:15:09 ${zone}] "GET / HTTP/1.1" 200 5`,
    );
    expect(await storedLines("clf", "common", access)).toEqual(access);
    const times = ["", ".1", ".01", ".001", ".0001", ".00001", ".000001", ".120000", ".1234567"].flatMap((fraction) =>
      ["", "Z", "+05:30", "-0800", "-00:30", "+00:00"].flatMap((zone) =>
        ["T", " "].map((between) => `2023-12-31${between}23:59:59${fraction}${zone}`),
      ),
    );
    const epochs = [
      "999999999",
      "0999999999",
      "1704000000",
      "1704000000123",
      "1704000000123456",
      "1704000000123456789",
    ];
    const written = [...times, ...epochs, "1704000000.25", "1989-12-31T23:59:59Z", "2030-01-01T00:00:00Z"];
    const json = written.map((time) => `{"time":"${time}","n":1}`);
    const bare = epochs.filter((time) => time[0] !== "0").map((time) => `{"n":1,"ts":${time}}`);
    expect(await storedLines("times", "json", [...json, ...bare])).toEqual([...json, ...bare]);
  });

  it("gives back every way to write a number, however large or small", async () => {
    const numbers = [
      "0",
      "1",
      "1000",
      "17000",
      "0.5",
      "0.001",
      "0.000001",
      "1.234567",
      "12.5",
      "0.50",
      "00",
      "1e3",
      "-1",
    ];
    const large = [
      "999999999999",
      "999999999999.999",
      "99999999.999999",
      "999999999.999999",
      "123456789012000",
      "1e21",
    ];
    const keys = [
      "duration_ms",
      "duration_us",
      "duration_ns",
      "request_time",
      "bytes_sent",
      "status",
      "severity_number",
      "n",
    ];
    const lines = [...numbers, ...large].flatMap((number) => keys.map((key) => `level=info ${key}=${number}`));
    const levels = ["10", "20", "30", "40", "50", "60", "15", "70", "info"].map(
      (level) => `{"level":"${level}","msg":"x"}`,
    );
    expect(await storedLines("numbers", "logfmt", lines)).toEqual(lines);
    expect(await storedLines("levels", "json", levels)).toEqual(levels);
  });
});
