import { describe, expect, it } from "vitest";
import { createAggregate } from "../../processors/aggregate/aggregate.ts";
import { createEventsEncoder, rowsByDay } from "../../processors/encode/events.ts";
import { ledgerRowOf } from "../../processors/encode/ledger.ts";
import { createEnrich } from "../../processors/enrich/enrich.ts";
import { createMask } from "../../processors/mask/mask.ts";
import { createMaskStage } from "../../processors/mask/stage.ts";
import { EventBatch, OUTCOME_OK, TIME_EVENT } from "../../processors/model/event-batch.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { createPipeline } from "../../processors/pipeline.ts";
import { createMemorySource } from "../support/memory-source.ts";

/*
 * Chapter 1: one line.
 *
 * A line of a web server's access log becomes one row of the table `events`. The stages between are functions of the
 * batch they are given; this chapter calls them one after the other, in the order of processors/pipeline.ts, and looks at
 * the columns in between. `it` by `it`, the same batch goes on.
 */

const LINE =
  '93.184.216.34 - - [02/Mar/2026:12:00:07 +0100] "GET /products/4711?ref=mail&mail=ann%40example.com HTTP/1.1" 503 512 "https://www.example.com/" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" 0.250';
const APPENDED_US = Date.UTC(2026, 2, 2, 11, 0, 9) * 1000;

/** A source hands out records: where each begins and ends in one text, and its offset. Nothing is parsed yet. */
const source = createMemorySource({ appendTimeUs: APPENDED_US });
source.append([LINE]);
const records = (await source.read(0n, { recordsMax: 10, bytesMax: 10_000 }))!;

const batch = new EventBatch(1);
batch.begin(records);

describe("one access line", () => {
  it("is one record: a stretch of a text, with an offset", () => {
    expect(records.count).toBe(1);
    expect(records.text.slice(records.begins[0], records.ends[0])).toBe(LINE);
    // The batch covers [firstOffset, nextOffset): the line and its line end.
    expect([records.firstOffset, records.nextOffset]).toEqual([0n, BigInt(LINE.length + 1)]);
  });

  it("is parsed into columns: numbers as numbers, repeated texts as ids of a dictionary", () => {
    const parse = createParse({
      format: "combined",
      isDeclared: true,
      source: "web",
      tenant: "default",
      service: "web",
    });
    parse(batch);
    expect(batch.rows).toBe(1);
    expect(batch.outcomes[0]).toBe(OUTCOME_OK);
    // 12:00:07 +0100 is 11:00:07 UTC; the column holds microseconds since the epoch.
    expect(batch.timestampUs[0]).toBe(Date.UTC(2026, 2, 2, 11, 0, 7) * 1000);
    expect(batch.time_source[0]).toBe(TIME_EVENT);
    expect(batch.strings.url_path.get(0)).toBe("/products/4711");
    expect(batch.strings.url_query.get(0)).toBe("ref=mail&mail=ann%40example.com");
    expect(batch.http_response_status_code[0]).toBe(503);
    expect(batch.http_response_body_size[0]).toBe(512);
    // nginx appends $request_time in seconds.
    expect(batch.duration_us[0]).toBe(250_000);
  });

  it("is not stored as a line: its layout says how the columns give it back", () => {
    const layout = batch.strings.line_layout.get(0);
    expect(layout).toContain("\x01url_path\x01");
    expect(layout).not.toContain("4711");
    expect(batch.line_kept.get(0)).toBe("");
  });

  it("is masked before anything is computed from it", () => {
    const key = Buffer.alloc(32, 7);
    createMaskStage((tenant) => createMask({ key, tenant }))(batch);
    expect(batch.strings.url_query.get(0)).toMatch(/^ref=mail&mail=<email:[0-9a-f]{16}>$/);
  });

  it("is enriched by what depends on one value alone", () => {
    createEnrich({ countryOf: (address) => (address === "93.184.216.34" ? "US" : "") })(batch);
    expect(batch.strings.geo_country_iso_code.get(0)).toBe("US");
    expect(batch.strings.http_route.get(0)).toBe("/products/{id}");
    expect(batch.strings.user_agent_name.get(0)).toBe("Firefox");
    expect(batch.strings.user_agent_os_name.get(0)).toBe("Linux");
  });

  it("is counted into the window that its own time belongs to, not the time it came", () => {
    const rule = { name: "r", version: 1, windowSeconds: 10, distinct: null, where: "all" } as const;
    const shares = createAggregate([{ ...rule, groupBy: ["http_route", "status_class"] }])(batch);
    expect(shares.windowStart).toEqual([Date.UTC(2026, 2, 2, 11, 0, 0) / 1000]);
    expect(shares.key).toEqual([["/products/{id}", "5xx"]]);
    expect([shares.events, shares.errors, shares.duration_us_sum]).toEqual([[1], [1], [250_000]]);
  });

  it("becomes a block of ClickHouse's Native format, with a token that names its range and day", () => {
    const identity = {
      topic: "memory",
      partition: 0,
      batchStart: 0n,
      batchEnd: records.nextOffset - 1n,
      run: 0,
      attempt: 0,
    };
    const [[day, selection]] = rowsByDay(batch);
    const block = createEventsEncoder()(batch, identity, day, selection);
    expect(block.rows).toBe(1);
    expect(block.columns).toContain("http_route");
    // Columns that are empty in every row are not sent: the table's default is the same.
    expect(block.columns).not.toContain("trace_id");
    expect(block.token).toBe(`0.0|memory/0|0-${LINE.length}|events|${day}`);
  });

  it("is accounted for: every record is ok, dropped or a dead letter", () => {
    const { records: count, ok, dropped, deadLetters, events } = ledgerRowOf(batch);
    expect({ count, ok, dropped, deadLetters, events }).toEqual({
      count: 1,
      ok: 1,
      dropped: 0,
      deadLetters: 0,
      events: 1,
    });
  });

  it("passes the same stages in the same order in the pipeline", () => {
    const pipeline = createPipeline({
      parse: { format: "combined", isDeclared: true, source: "web", tenant: "default", service: "web" },
      rules: [],
      maskOf: null,
      countryOf: () => "",
      versions: { transform: "1", config: "1", lookup: "1" },
      rowsMax: 1,
    });
    const identity = {
      topic: "memory",
      partition: 0,
      batchStart: 0n,
      batchEnd: records.nextOffset - 1n,
      run: 0,
      attempt: 0,
    };
    expect([...pipeline.run(records, identity)]).toEqual(["parse", "mask", "enrich", "aggregate", "encode"]);
  });
});
