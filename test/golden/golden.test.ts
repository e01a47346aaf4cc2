import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FORMAT_NAMES } from "../../processors/parse/formats.ts";
import { makeMask } from "../mask/make-mask.ts";
import { blocksOf, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeRecords } from "../support/make-records.ts";
import { useStore } from "../support/make-store.ts";

/*
 * What each format's lines are in the end: the rows of `<format>.log` in the store, in `<format>.json`. Columns that
 * are none and those that are the same in every row are left out. After a change that is meant, look at the difference
 * that `UPDATE_GOLDEN=1 npx vitest run test/golden` makes.
 */

const LEFT_OUT = [
  "observed_timestamp",
  "tenant",
  "source",
  "topic",
  "partition",
  "index",
  "batch_start",
  "stored_at",
  "line_layout",
  "template_id",
];
const isNone = (value: unknown) => value === "" || value === 0 || value === "0" || JSON.stringify(value) === "{}";

const store = useStore();

async function rowsOf(format: string): Promise<Record<string, unknown>[]> {
  const text = readFileSync(join(import.meta.dirname, `${format}.log`), "latin1");
  const pipeline = makePipeline(format, { maskOf: () => makeMask() });
  const records = makeRecords(text.slice(0, -1).split("\n"), { topic: format });
  for (const block of blocksOf(runPipeline(pipeline, records))) await store().insert(block);
  const rows = await store().query<Record<string, unknown>>(
    `SELECT * EXCEPT (${LEFT_OUT.map((name) => `\`${name}\``).join(", ")}), line FROM events WHERE topic = {topic:String} ORDER BY \`offset\``,
    { topic: format },
  );
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name, value]) => name === "offset" || !isNone(value))),
  );
}

describe("golden rows", () => {
  it.each(FORMAT_NAMES)("of %s are what was agreed on", async (format) => {
    const path = join(import.meta.dirname, `${format}.json`);
    const rows = await rowsOf(format);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, `${JSON.stringify(rows, null, 2)}\n`);
    expect(existsSync(path)).toBe(true);
    expect(rows).toEqual(JSON.parse(readFileSync(path, "utf8")));
  });

  it("exist for every format and for nothing else", () => {
    const files = readdirSync(import.meta.dirname).filter((name) => !name.endsWith(".ts"));
    expect(files.sort()).toEqual(FORMAT_NAMES.flatMap((name) => [`${name}.json`, `${name}.log`]).sort());
  });
});
