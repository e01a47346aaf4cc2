import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeJson } from "../../processors/decode/json-pieces.ts";
import { EventBatch } from "../../processors/model/event-batch.ts";
import { createParse, type ParseOptions } from "../../processors/parse/parse.ts";
import { makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeParseOptions, makeRecords, rowsOf } from "../support/make-records.ts";

/** Records and indices of the events of JSON records, with their bodies; what was refused. */
function eventsOf(lines: readonly string[], over: Partial<ParseOptions> = {}) {
  const batch = new EventBatch(4);
  const decoded = decodeJson(makeRecords(lines));
  batch.begin(decoded, decoded.count + (decoded.pieces?.count ?? 0));
  createParse(makeParseOptions({ format: "json", isDeclared: true, ...over }))(batch);
  const events = rowsOf(batch).map(({ body, attributes }, i) => [batch.record[i], batch.index[i], body ?? attributes]);
  return { events, codes: batch.deadLetters.map(({ record, code }) => [record, code]), dropped: batch.droppedCodes };
}

describe("a record of JSON", () => {
  it("that is an array of objects is an event each, in their order", () => {
    const { events, codes } = eventsOf([
      '{"msg":"alone"}',
      ' [ {"msg":"a ] } \\" \\\\"} , {"msg":"b","in":{"x":[1,{"y":2}]}},{"msg":"c"}]\n',
      '{"msg":"after"}',
    ]);
    expect(codes).toEqual([]);
    expect(events.map(([record, index]) => [record, index])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [1, 2],
      [2, 0],
    ]);
    expect(events.map(([, , body]) => body)).toEqual(["alone", 'a ] } " \\', "b", "c", "after"]);
  });

  it("may hold objects and arrays one after the other, and one object over several lines", () => {
    const { events, codes } = eventsOf([
      '{"msg":"a"}\n{"msg":"b"}\r\n\n[{"msg":"c"},{"msg":"d"}]',
      '{\n "msg": "e"\n}',
    ]);
    expect(codes).toEqual([]);
    expect(events).toEqual([
      [0, 0, "a"],
      [0, 1, "b"],
      [0, 2, "c"],
      [0, 3, "d"],
      [1, 0, "e"],
    ]);
  });

  it.each([
    '[{"msg":"a"},1]',
    '[{"msg":"a"},{"msg":}]',
    '[{"msg":"a"}',
    '[{"msg":"a"},]',
    '[{"msg":"a"}] x',
    '{"msg":"a"}\nno object',
    "[[]]",
    "[",
  ])("is refused as a whole for one that is no object: %j", (line) => {
    const { events, codes } = eventsOf(['{"msg":"before","k":"v"}', line, '[{"msg":"after","k":"w"}]']);
    expect(codes).toEqual([[1, "PARSE_NOT_JSON"]]);
    expect(events).toEqual([
      [0, 0, "before"],
      [2, 0, "after"],
    ]);
  });

  it("is one line of text where nothing was declared, and where it is not JSON", () => {
    const { events } = eventsOf(['[{"msg":"a"},1]', '[{"msg":"b"}]'], { isDeclared: false });
    expect(events).toEqual([
      [0, 0, '[{"msg":"a"},1]'],
      [1, 0, "b"],
    ]);
  });

  it("without an event is dropped", () => {
    const { events, dropped } = eventsOf(["[]", " [ ]\n[]", ""]);
    expect(events).toEqual([]);
    expect(Object.fromEntries(dropped)).toEqual({ EMPTY_ARRAY: 2, BLANK_LINE: 1 });
  });

  it("of too many events is a dead letter", () => {
    const many = (count: number) => `[${Array.from({ length: count }, () => '{"a":1}').join(",")}]`;
    const { events, codes } = eventsOf([many(10_000), many(10_001)]);
    expect(events).toHaveLength(10_000);
    expect(codes).toEqual([[1, "DECODE_TOO_MANY_EVENTS"]]);
  });

  it("gives the events of its objects, however they are put together", () => {
    const objects = fc.array(fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { minKeys: 1, maxKeys: 3 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(objects, fc.constantFrom("array", "lines"), (objects, how) => {
        const text = how === "array" ? JSON.stringify(objects) : objects.map((o) => JSON.stringify(o)).join("\n");
        const line = Buffer.from(text).latin1Slice();
        const decoded = decodeJson(makeRecords([line]));
        const { pieces } = decoded;
        const found =
          pieces === undefined
            ? [line]
            : Array.from({ length: pieces.count }, (_, i) => decoded.text.slice(pieces.begins[i], pieces.ends[i]));
        expect(found.map((piece) => JSON.parse(Buffer.from(piece, "latin1").toString()))).toEqual(objects);
      }),
    );
  });
});

it("events of one record are counted one by one, and their record once", () => {
  const pipeline = makePipeline("json");
  const { row, events } = runPipeline(pipeline, makeRecords(['[{"msg":"a"},{"msg":"b"}]', '{"msg":"c"}']));
  expect(row).toMatchObject({ records: 2, ok: 2, events: 3 });
  expect(events.reduce((sum, { block }) => sum + block.rows, 0)).toBe(3);
});
