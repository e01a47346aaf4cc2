import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import avsc from "avsc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AvroCodec, createAvroCodec, fingerprintOf } from "../../processors/encode/avro.ts";
import { windowRecords } from "../../processors/encode/window-record.ts";
import type { WindowColumns, WindowRevision } from "../../processors/model/window.ts";

const DIR = fileURLToPath(new URL("../../schemas/", import.meta.url));
const SCHEMAS = readdirSync(DIR).filter((name) => name.endsWith(".avsc"));
const read = (name: string) => readFileSync(`${DIR}${name}`, "utf8");

const WINDOW = {
  rule: "route_10s",
  rule_version: 4_294_967_295,
  window_start: 1_772_452_800_000,
  window_seconds: 10,
  key: ["default", "shöp", ""],
  revision: 2,
  cut_id: 7,
  watermark: 1_772_452_819_000_001,
  events: 3,
  errors: 1,
  body_size_sum: 2 ** 53 - 1,
  duration_count: 2,
  duration_us_sum: 30,
  duration_us_min: 10,
  duration_us_max: 20,
  duration_us_quantiles: [10.1, 19.9, 19.9],
  value_count: 1,
  value_sum: -5,
  value_min: -5,
  value_max: -5,
  value_quantiles: [-5, -5, -5],
  distinct_count: 2,
};

function columnsOf(rows: readonly WindowRevision[]): WindowColumns {
  const names = Object.keys(WINDOW) as (keyof WindowRevision)[];
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])) as unknown as WindowColumns;
}

function windowRecord(row: WindowRevision, codec: AvroCodec) {
  return windowRecords(columnsOf([row]), codec)[0];
}

describe("the fingerprint of a schema", () => {
  // From the test vectors of Avro's own specification.
  it.each([
    ['"null"', 0x63dd24e7cc258f8an],
    ['"int"', 0x7275d51a3f395c8fn],
    ['"string"', 0x8f014872634503c7n],
  ])("of %s is that of Avro's specification", (schema, fingerprint) => {
    expect(fingerprintOf(schema)).toBe(fingerprint);
  });
});

describe("a window's record", () => {
  const codec = createAvroCodec(read("window.v1.avsc"));

  it("is a single object that begins with the fingerprint and comes back as it was", () => {
    const { value } = windowRecord(WINDOW, codec);
    expect(Buffer.from(value).readUInt16BE(0)).toBe(0xc301);
    expect(Buffer.from(value).readBigUInt64LE(2)).toBe(codec.fingerprint);
    expect(codec.decode(value)).toEqual(WINDOW);
  });

  it("is byte for byte what the library makes of the schema", () => {
    const whole = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer(),
      fc.constantFrom(0, -1, 2 ** 30, -(2 ** 30), 2 ** 52, -(2 ** 52)),
    );
    const large = fc.oneof(whole, fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }));
    const text = fc.string({ unit: "grapheme", maxLength: 40 });
    const fieldOf = (value: unknown) => {
      if (typeof value === "string") return text;
      if (!Array.isArray(value)) return large;
      return typeof value[0] === "string" ? fc.array(text) : fc.array(fc.double());
    };
    const time = fc.integer({ min: 0, max: 8.64e15 });
    const times = { rule_version: whole, revision: whole, window_start: time, watermark: time };
    const fields = Object.fromEntries(Object.entries(WINDOW).map(([name, value]) => [name, fieldOf(value)]));
    const windows = fc.array(fc.record({ ...fields, ...times })) as unknown as fc.Arbitrary<WindowRevision[]>;
    fc.assert(
      fc.property(windows, (rows) => {
        const records = windowRecords(columnsOf(rows), codec);
        expect(records.map(({ value }) => Buffer.from(value))).toEqual(
          rows.map((row) => Buffer.from(codec.encode(row))),
        );
      }),
    );
  });

  it("has the same key in every revision, and another emit_id", () => {
    const first = windowRecord(WINDOW, codec);
    const next = windowRecord({ ...WINDOW, revision: 3, events: 4 }, codec);
    expect(first.key).toBe('["route_10s",4294967295,1772452800,"default","shöp",""]');
    expect(next.key).toBe(first.key);
    expect(first.headers).toEqual({
      emit_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      revision: "2",
      watermark: "2026-03-02T12:00:19.000Z",
    });
    expect(next.headers["emit_id"]).not.toBe(first.headers["emit_id"]);
  });

  it("holds sums that no number holds exactly, and the greatest long in place of what is beyond", () => {
    const roundTrip = (value: number | bigint) =>
      (codec.decode(codec.encode({ ...WINDOW, body_size_sum: value })) as { body_size_sum: unknown }).body_size_sum;
    expect(roundTrip(2n ** 60n + 1n)).toBe(2n ** 60n + 1n);
    expect(roundTrip(2n ** 64n - 1n)).toBe(2n ** 63n - 1n);
    for (const value of [0, 1, -1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 31, -(2 ** 31) - 1])
      expect(roundTrip(value)).toBe(value);
  });

  it("has the number of a schema registry in place of the fingerprint, where there is one", () => {
    const registered = createAvroCodec(read("window.v1.avsc"), { registryId: 0x01020304 });
    const { value } = windowRecord(WINDOW, registered);
    expect(Buffer.from(value).subarray(0, 5)).toEqual(Buffer.from([0, 1, 2, 3, 4]));
    for (const reader of [registered, codec]) expect(reader.decode(value)).toEqual(WINDOW);
    const other = createAvroCodec(read("window.v1.avsc"), { registryId: 5 });
    expect(() => other.decode(value)).toThrow("another schema of the registry");
  });

  it("of another schema is refused", () => {
    expect(() => codec.decode(createAvroCodec('"int"').encode(1))).toThrow("not a single object of this schema");
  });
});

/** What has been released is never edited: a change is a new version beside it. */
const RELEASED: Readonly<Record<string, bigint>> = {
  "alert.v1.avsc": 12_049_636_071_411_333_191n,
  "anomaly.v1.avsc": 17_293_561_189_323_694_618n,
  "window.v1.avsc": 1_380_518_222_355_462_993n,
};

describe("schemas/", () => {
  it.each(Object.keys(RELEASED))("%s is as it was released", (name) => {
    expect(createAvroCodec(read(name)).fingerprint).toBe(RELEASED[name]);
  });

  it.each(SCHEMAS)("%s documents itself and every field", (name) => {
    const { doc, fields } = JSON.parse(read(name)) as { doc?: string; fields: { name: string; doc?: string }[] };
    expect(doc).toMatch(/\.$/);
    for (const field of fields) expect(field.doc, field.name).toMatch(/\.$/);
  });

  it("can each be read with every other version of the same record, older and newer", () => {
    const versions = Map.groupBy(SCHEMAS, (name) => name.replace(/\.v\d+\.avsc$/, ""));
    for (const names of versions.values())
      for (const written of names)
        for (const reading of names) {
          const reader = avsc.Type.forSchema(JSON.parse(read(reading)));
          const writer = avsc.Type.forSchema(JSON.parse(read(written)));
          expect(() => reader.createResolver(writer), `${written} read as ${reading}`).not.toThrow();
        }
  });
});
