import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordBatch } from "../../processors/model/record.ts";
import type { Rule } from "../../processors/model/rule.ts";
import type { Pipeline } from "../../processors/pipeline.ts";
import { makeMask } from "../mask/make-mask.ts";
import { FORMAT_NAMES, type FormatName, makeLines } from "../support/make-lines.ts";
import { blocksOf, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeParseOptions, makeRecords } from "../support/make-records.ts";
import { useStore } from "../support/make-store.ts";

const RULES: readonly Rule[] = [
  {
    name: "service",
    version: 1,
    windowSeconds: 60,
    groupBy: ["service_name"],
    distinct: "client_address",
    where: "all",
  },
  {
    name: "route",
    version: 2,
    windowSeconds: 3600,
    groupBy: ["http_route", "status_class"],
    distinct: "user_id",
    where: "http",
  },
  {
    name: "template",
    version: 1,
    windowSeconds: 86_400,
    groupBy: ["template", "attributes.n"],
    distinct: null,
    where: "body",
  },
];

const masked = (format: string): Pipeline => makePipeline(format, { rules: RULES, maskOf: () => makeMask() });

/** The lines as batches of so many records, at the offsets that a file would give them. */
function batchesOf(topic: string, lines: readonly string[], recordsMax: number): RecordBatch[] {
  const batches: RecordBatch[] = [];
  let firstOffset = 0n;
  for (let from = 0; from < lines.length; from += recordsMax) {
    const records = makeRecords(lines.slice(from, from + recordsMax), { topic, firstOffset });
    batches.push(records);
    firstOffset = records.nextOffset;
  }
  return batches;
}

const store = useStore();

/** What a topic's batches left in the store, without what says where they came from. */
async function stored(topic: string, batches: readonly RecordBatch[], pipeline: Pipeline) {
  for (const records of batches)
    for (const block of blocksOf(runPipeline(pipeline, records))) await store().insert(block);
  const parameters = { topic };
  return {
    events: await store().query(
      "SELECT * EXCEPT (topic, batch_start, stored_at), hex(line) FROM events WHERE topic = {topic:String} ORDER BY `offset`",
      parameters,
    ),
    partials: await store().query(
      `SELECT rule, rule_version, window_start, window_seconds, key, sum(events), sum(errors), sum(body_size_sum), sum(duration_count), sum(duration_us_sum),
      minIf(duration_us_min, duration_count > 0), max(duration_us_max), sumMap(duration_histogram), uniqCombined64Merge(distinct_state)
      FROM partials WHERE topic = {topic:String} GROUP BY ALL ORDER BY ALL`,
      parameters,
    ),
  };
}

describe("the rows of a batch", () => {
  it.each(["combined", "json"] as const)(
    "of %s are the same in any size and order of batches, in a fresh pipeline and a used one",
    async (format) => {
      const lines = makeLines(31, 120, format);
      const whole = await stored(`${format}-whole`, batchesOf(`${format}-whole`, lines, 1000), masked(format));
      expect(whole.events.length).toBeGreaterThan(100);
      expect(whole.partials.length).toBeGreaterThan(10);
      const used = masked(format);
      for (const other of FORMAT_NAMES) runPipeline(used, makeRecords(makeLines(32, 100, other)));
      for (const [name, pipeline, recordsMax, order] of [
        ["used", used, 1000, 1],
        ["fifty", masked(format), 50, 1],
        ["backwards", used, 17, -1],
      ] as const) {
        const batches = batchesOf(`${format}-${name}`, lines, recordsMax);
        if (order < 0) batches.reverse();
        expect(await stored(`${format}-${name}`, batches, pipeline)).toEqual(whole);
      }
    },
  );
});

describe("every record", () => {
  const line = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  });
  const lines = fc.oneof(
    fc.array(line, { maxLength: 8 }),
    fc.tuple(fc.nat(1000), fc.constantFrom(...FORMAT_NAMES)).map(([seed, format]) => makeLines(seed, 8, format)),
  );

  it.each(FORMAT_NAMES)("has one outcome, whatever its bytes, in a partition of %s", (format: FormatName) => {
    const pipelines = [
      masked(format),
      makePipeline(format, { rules: RULES, parse: makeParseOptions({ format, isDeclared: true }) }),
    ];
    fc.assert(
      fc.property(lines, fc.nat(3), (list, cutAt) => {
        for (const pipeline of pipelines) {
          const cut = cutAt < list.length ? [cutAt] : [];
          const { row, deadLetters, events } = runPipeline(pipeline, makeRecords(list, { cut }));
          expect(row.records).toBe(list.length);
          expect(row.ok + row.dropped + row.deadLetters).toBe(list.length);
          expect(row.minutes.reduce((sum, { records }) => sum + records, 0)).toBe(list.length);
          expect(deadLetters?.rows ?? 0).toBe(row.deadLetters);
          expect(events.reduce((sum, { block }) => sum + block.rows, 0)).toBe(row.events);
        }
      }),
      { seed: 4, numRuns: 150 },
    );
  });
});
