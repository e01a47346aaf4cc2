import { readFileSync } from "node:fs";
import avsc from "avsc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAvroDecode } from "../../processors/decode/avro.ts";
import { createAvroReader } from "../../processors/decode/avro-value.ts";
import { readAvroSchema } from "../../processors/encode/avro.ts";
import { EventBatch } from "../../processors/model/event-batch.ts";
import type { RecordBatch } from "../../processors/model/record.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { makeParseOptions, makeRecords, rowsOf } from "../support/make-records.ts";

const TEXT = readFileSync(new URL("../../schemas/log_record.v1.avsc", import.meta.url), "utf8");
const LOG_RECORD = avsc.Type.forSchema(JSON.parse(TEXT));
const LIST_TEXT = JSON.stringify({ type: "array", items: JSON.parse(TEXT) });
const LIST = avsc.Type.forSchema(JSON.parse(LIST_TEXT));
const OWN = { ...readAvroSchema(TEXT), id: 7 };
const OWN_LIST = { ...readAvroSchema(LIST_TEXT), id: 8 };

const NOTHING = Object.fromEntries(
  (JSON.parse(TEXT) as { fields: { name: string }[] }).fields.map(({ name }) => [name, null]),
);
const entry = (over: object) => ({ ...NOTHING, attributes: {}, ...over });

/** Single-object encoding as avsc itself does it. */
function singleObject(type: avsc.Type, { fingerprint }: { fingerprint: bigint }, value: unknown): string {
  const head = Buffer.alloc(10, "c301", "hex");
  head.writeBigUInt64LE(fingerprint, 2);
  return Buffer.concat([head, type.toBuffer(value)]).latin1Slice();
}

function confluent(id: number, value: Buffer): string {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, value]).latin1Slice();
}

function parsed(lines: readonly string[], over: Partial<RecordBatch> = {}): EventBatch {
  const decoded = createAvroDecode([OWN, OWN_LIST])(makeRecords(lines, over));
  const batch = new EventBatch(4);
  batch.begin(decoded, decoded.count + (decoded.pieces?.count ?? 0));
  createParse(makeParseOptions({ format: "avro", isDeclared: true }))(batch);
  return batch;
}

const refusals = (lines: readonly string[]) =>
  parsed(lines).deadLetters.map(({ record, stage, code }) => [record, stage, code]);

describe("records in Avro", () => {
  it("fill the columns by the names of their fields", () => {
    const batch = parsed([
      singleObject(
        LOG_RECORD,
        OWN,
        entry({
          timestamp: 1_772_452_800_123_456,
          severity_number: 17,
          severity_text: "ERROR",
          body: 'Zahlung „4711" fehlgeschlagen\n\tat pay\\x',
          tenant: "acme",
          service_name: "payments",
          host_name: "web-1",
          trace_id: Buffer.from("0af7651916cd43dd8448eb211c80319c", "hex"),
          span_id: Buffer.from("b7ad6b7169203331", "hex"),
          http_request_method: "POST",
          url_path: "/pay",
          url_query: "a=1",
          http_response_status_code: 502,
          http_response_body_size: 2 ** 40,
          duration_us: 12_500,
          client_address: "192.0.2.7",
          user_id: "u-1",
          attributes: { region: "eu", "http.flavor": "2" },
        }),
      ),
    ]);
    expect(batch.deadLetters).toEqual([]);
    const [{ attributes, line_layout, body, ...row }] = rowsOf(batch);
    expect(Buffer.from(body as string, "latin1").toString()).toBe('Zahlung „4711" fehlgeschlagen\n\tat pay\\x');
    expect(row).toMatchObject({
      timestamp: "2026-03-02T12:00:00.123456Z",
      time_source: 1,
      severity_number: 17,
      severity_text: "ERROR",
      tenant: "acme",
      service_name: "payments",
      host_name: "web-1",
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      span_id: "b7ad6b7169203331",
      http_request_method: "POST",
      url_path: "/pay",
      url_query: "a=1",
      network_protocol_version: "2",
      http_response_status_code: 502,
      http_response_body_size: 2 ** 40,
      duration_us: 12_500,
      client_address: "192.0.2.7",
      user_id: "u-1",
      format: "avro",
    });
    expect(attributes).toEqual([["attributes.region", "eu"]]);
  });

  it("are read in both framings, and an array is an event each", () => {
    const value = LOG_RECORD.toBuffer(entry({ body: "b" }));
    const batch = parsed([
      confluent(7, value),
      singleObject(LIST, OWN_LIST, [entry({ body: "c" }), entry({ body: "d" })]),
      "",
      confluent(8, LIST.toBuffer([])),
      singleObject(LOG_RECORD, OWN, entry({ body: "e" })),
    ]);
    expect(rowsOf(batch).map(({ body }, i) => [batch.record[i], batch.index[i], body])).toEqual([
      [0, 0, "b"],
      [1, 0, "c"],
      [1, 1, "d"],
      [4, 0, "e"],
    ]);
    expect(Object.fromEntries(batch.droppedCodes)).toEqual({ BLANK_LINE: 1, EMPTY_ARRAY: 1 });
    expect(batch.deadLetters).toEqual([]);
  });

  it("that can't be read are dead letters that say why, and others are not touched", () => {
    const value = LOG_RECORD.toBuffer(entry({ body: "body" }));
    expect(
      refusals([
        '{"msg":"JSON"}',
        "\xc3\x01\x00",
        confluent(9, value),
        singleObject(LOG_RECORD, { fingerprint: OWN.fingerprint + 1n }, entry({})),
        confluent(7, value.subarray(0, -1)),
        confluent(7, Buffer.concat([value, Buffer.alloc(1)])),
        confluent(8, value),
        confluent(7, LOG_RECORD.toBuffer(entry({}))),
        confluent(7, value),
      ]),
    ).toEqual([
      [0, "decode", "DECODE_AVRO_FRAME"],
      [1, "decode", "DECODE_AVRO_FRAME"],
      [2, "decode", "DECODE_AVRO_SCHEMA"],
      [3, "decode", "DECODE_AVRO_SCHEMA"],
      [4, "decode", "DECODE_AVRO_VALUE"],
      [5, "decode", "DECODE_AVRO_VALUE"],
      [6, "decode", "DECODE_AVRO_VALUE"],
      [7, "parse", "DECODE_AVRO_VALUE"],
    ]);
  });

  it("say in their dead letter which schema is missing, and keep their bytes whole", () => {
    const line = confluent(9, Buffer.from([1, 2, 0x0a]));
    const [letter] = parsed([line]).deadLetters;
    expect(letter).toMatchObject({ isExact: true, payload: line });
    expect(letter.reason).toBe(
      "The record was written by the schema with the number 9, which kafka.schemas does not have.",
    );
  });

  it("of too many events are dead letters, also where events take no bytes", () => {
    const bomb = readAvroSchema('{"type":"array","items":{"type":"record","name":"E","fields":[]}}');
    const decode = createAvroDecode([{ ...bomb, id: 1 }]);
    // A block of 2^40 items of no bytes.
    const count = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0]);
    const { pieces } = decode(makeRecords([confluent(1, count)]));
    expect(pieces?.refused.get(0)?.code).toBe("DECODE_TOO_MANY_EVENTS");
  });

  it("that hold lists without end are refused", () => {
    const read = createAvroReader({
      type: "record",
      name: "R",
      fields: [{ name: "n", type: { type: "array", items: "null" } }],
    });
    const text = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0]).latin1Slice();
    expect(() => read(text, 0, text.length)).toThrow("too many values");
  });

  it("that were cut or are poison are not looked at", () => {
    const line = confluent(7, LOG_RECORD.toBuffer(entry({ body: "b" })));
    const batch = parsed([line, line, line], { cut: [0], poison: new Set([2]) });
    expect(batch.deadLetters.map(({ record, code }) => [record, code])).toEqual([
      [0, "DECODE_RECORD_TOO_LONG"],
      [2, "DECODE_POISON"],
    ]);
    expect(batch.rows).toBe(1);
  });
});

describe("the reader of values", () => {
  const schema = {
    type: "record",
    name: "All",
    fields: [
      { name: "i", type: "int" },
      { name: "l", type: "long" },
      { name: "f", type: "float" },
      { name: "d", type: "double" },
      { name: "b", type: "boolean" },
      { name: "s", type: "string" },
      { name: "e", type: { type: "enum", name: "E", symbols: ["ONE", "TWO"] } },
      { name: "a", type: { type: "array", items: ["null", "string"] } },
      { name: "m", type: { type: "map", values: "long" } },
      { name: "next", type: ["null", "All"] },
    ],
  };
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: false });
  const { canonical } = readAvroSchema(JSON.stringify(schema));
  const read = createAvroReader(canonical);

  const { all } = fc.letrec((tie) => ({
    all: fc.record({
      i: fc.integer(),
      l: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
      f: fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
      d: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
      b: fc.boolean(),
      s: fc.string({ unit: "binary" }),
      e: fc.constantFrom("ONE", "TWO"),
      a: fc.array(fc.oneof(fc.constant(null), fc.string())),
      // avsc loses a key of the name __proto__.
      m: fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
        { noNullPrototype: true },
      ),
      next: fc.option(tie("all"), { maxDepth: 3 }),
    }),
  }));

  it("gives what avsc gives", () => {
    fc.assert(
      fc.property(all, (value) => {
        const bytes = type.toBuffer(value).latin1Slice();
        const [json] = read(bytes, 0, bytes.length) ?? [];
        const withoutNull = (value: unknown): unknown =>
          JSON.parse(JSON.stringify(value), function (this: unknown, _, item: unknown) {
            return item === null && !Array.isArray(this) ? undefined : item;
          });
        expect(JSON.parse(Buffer.from(json, "latin1").toString())).toEqual(
          withoutNull(type.fromBuffer(type.toBuffer(value))),
        );
      }),
      { numRuns: 300 },
    );
  });

  it.each(["0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"])(
    "gives the long %s exactly",
    (text) => {
      const zigzag = (BigInt(text) << 1n) ^ (BigInt(text) >> 63n);
      const bytes: number[] = [];
      let rest = BigInt.asUintN(64, zigzag);
      for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
      bytes.push(Number(rest));
      const one = createAvroReader({ type: "record", name: "R", fields: [{ name: "v", type: "long" }] });
      const input = Buffer.from(bytes).latin1Slice();
      expect(one(input, 0, input.length)).toEqual([`{"v":${text}}`]);
    },
  );

  it("never reads beyond the record, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const text = `${Buffer.from(bytes).latin1Slice()}${"\x02".repeat(100)}`;
        const alone = Buffer.from(bytes).latin1Slice();
        const outcome = (of: string) => {
          try {
            return read(of, 0, bytes.length);
          } catch (error) {
            return (error as Error).message;
          }
        };
        expect(outcome(text)).toEqual(outcome(alone));
      }),
    );
  });
});
