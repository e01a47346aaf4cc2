import { describe, expect, it } from "vitest";
import { ledgerRowOf } from "../../processors/encode/ledger.ts";
import { EventBatch, TIME_APPEND } from "../../processors/model/event-batch.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { createMemorySource } from "../support/memory-source.ts";

/*
 * Chapter 2: a bad record.
 *
 * Bad data is not an exception. A record that can't be processed gets an outcome with a code, the rest of its batch goes
 * on, and the counts still add up. How strict Weir is depends on one thing: whether the source declares its format.
 */

const GOOD = '192.0.2.1 - - [02/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8.0"';
const APPENDED_US = Date.UTC(2026, 2, 2, 12, 0, 1) * 1000;

async function parsed(lines: readonly string[], isDeclared: boolean): Promise<EventBatch> {
  const source = createMemorySource({ appendTimeUs: APPENDED_US });
  source.append(lines);
  const batch = new EventBatch(lines.length);
  batch.begin((await source.read(0n, { recordsMax: 100, bytesMax: 1 << 20 }))!);
  createParse({ format: "combined", isDeclared, source: "web", tenant: "default", service: "web" })(batch);
  return batch;
}

describe("a line that is not of its source's format", () => {
  it("is a dead letter where the format is declared, with its reason and its beginning", async () => {
    const batch = await parsed([GOOD, "Segmentation fault", GOOD], true);
    expect(batch.rows).toBe(2);
    const [{ record, stage, code, reason, payload }] = batch.deadLetters;
    expect({ record, stage, code, payload }).toEqual({
      record: 1,
      stage: "parse",
      code: "PARSE_NOT_COMBINED",
      payload: "Segmentation fault",
    });
    expect(reason).toMatch(/combined/);
  });

  it("is an event of free text where the format was only detected: a log may hold anything", async () => {
    const batch = await parsed([GOOD, "Segmentation fault", GOOD], false);
    expect(batch.rows).toBe(3);
    expect(batch.deadLetters).toEqual([]);
    expect(batch.strings.format.get(1)).toBe("text");
    expect(batch.strings.body.get(1)).toBe("Segmentation fault");
  });

  it("has the append time where it has none of its own, and says so", async () => {
    const batch = await parsed(["Segmentation fault"], false);
    expect(batch.timestampUs[0]).toBe(APPENDED_US);
    expect(batch.time_source[0]).toBe(TIME_APPEND);
  });
});

describe("the account of a batch", () => {
  it("counts a blank line as dropped, and adds up", async () => {
    const batch = await parsed([GOOD, "", "   ", "?", GOOD], true);
    const row = ledgerRowOf(batch);
    expect(row).toMatchObject({ records: 5, ok: 2, dropped: 2, deadLetters: 1, events: 2 });
    expect(row.minutes.map(({ outcome, records }) => [outcome, records])).toEqual([
      ["ok", 2],
      ["dropped BLANK_LINE", 2],
      ["dead_letter PARSE_NOT_COMBINED", 1],
    ]);
  });

  it("refuses to be written when it does not add up: that would be a bug, not bad data", async () => {
    const batch = await parsed([GOOD, "?"], true);
    batch.deadLetters = [];
    expect(() => ledgerRowOf(batch)).toThrow("2 records became 1 ok, 0 dropped and 0 dead letters.");
  });
});
