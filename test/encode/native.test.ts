import { describe, expect, it } from "vitest";
import { BlockBuilder } from "../../processors/encode/block.ts";
import { Dictionary, StringColumn } from "../../processors/model/dictionary.ts";
import { useStore } from "../support/make-store.ts";

const store = useStore();
let tables = 0;

/** Writes one block into a table of its own columns and reads it back, in order, as strings. */
async function throughEngine(
  rows: number,
  indices: readonly number[] | null,
  fill: (block: BlockBuilder) => void,
  expression = "c",
) {
  const block = new BlockBuilder();
  const selection = { rows: indices?.length ?? rows, indices: indices === null ? null : Uint32Array.from(indices) };
  block.begin(selection);
  block.bigints(
    "n",
    "Int64",
    BigInt64Array.from({ length: selection.rows }, (_, i) => BigInt(i)),
  );
  fill(block);
  const table = `made_${tables++}`;
  const insert = block.finish(table, table);
  await store().command(`CREATE TABLE ${table} (${insert.structure}) ENGINE = MergeTree ORDER BY n`);
  await store().insert(insert);
  const result = await store().query<{ c: string }>(`SELECT toString(${expression}) AS c FROM ${table} ORDER BY n`);
  return result.map(({ c }) => c);
}

function columnOf(values: readonly string[]): StringColumn {
  const column = new StringColumn(values.length);
  for (const [row, value] of values.entries()) column.set(row, value);
  return column;
}

describe("a column that the engine reads back", () => {
  it("has texts with and without a dictionary, empty ones and any bytes among them", async () => {
    const values = ["", "a", "", "caf\xc3\xa9", "\xff\x00\x01", "a", "x".repeat(300), "y".repeat(20_000)];
    const hex = values.map((value) => Buffer.from(value, "latin1").toString("hex").toUpperCase());
    expect(await throughEngine(8, null, (block) => block.strings("c", columnOf(values)), "hex(c)")).toEqual(hex);
    expect(await throughEngine(8, null, (block) => block.texts("c", values), "hex(c)")).toEqual(hex);
    expect(await throughEngine(8, [7, 2, 3], (block) => block.strings("c", columnOf(values)), "hex(c)")).toEqual([
      hex[7],
      hex[2],
      hex[3],
    ]);
    expect(await throughEngine(8, [6, 0, 1], (block) => block.texts("c", values), "hex(c)")).toEqual([
      hex[6],
      hex[0],
      hex[1],
    ]);
  });

  it.each([255, 256, 257, 300, 65_536, 65_537, 70_000])("has a dictionary of %i values", async (count) => {
    const values = Array.from({ length: count }, (_, i) => `value ${i}`);
    expect(await throughEngine(count, null, (block) => block.strings("c", columnOf(values)))).toEqual(values);
  });

  it("has texts of a dictionary that gives every value an id of its own", async () => {
    const values = ["a", "", "a", "b"];
    const column = new StringColumn(4, new Dictionary());
    column.dictionary.isRepeating = true;
    for (const [row, value] of values.entries()) column.set(row, value);
    expect(await throughEngine(4, null, (block) => block.strings("c", column))).toEqual(values);
    expect(await throughEngine(4, [3, 1], (block) => block.strings("c", column))).toEqual(["b", ""]);
  });

  it("has one text for all rows", async () => {
    expect(await throughEngine(3, null, (block) => block.constant("c", "same"))).toEqual(["same", "same", "same"]);
  });

  it("has small numbers to their limits", async () => {
    expect(await throughEngine(3, null, (block) => block.numbers("c", "UInt8", Uint8Array.of(0, 1, 255)))).toEqual([
      "0",
      "1",
      "255",
    ]);
    expect(
      await throughEngine(3, null, (block) => block.numbers("c", "UInt16", Uint16Array.of(0, 256, 65_535))),
    ).toEqual(["0", "256", "65535"]);
    expect(
      await throughEngine(3, [2, 0], (block) => block.numbers("c", "UInt32", Uint32Array.of(1, 2, 4_294_967_295))),
    ).toEqual(["4294967295", "1"]);
    const sources = Uint8Array.of(1, 2, 1);
    expect(
      await throughEngine(3, null, (block) => block.numbers("c", "Enum8('event' = 1, 'append' = 2)", sources)),
    ).toEqual(["event", "append", "event"]);
  });

  it("has 64-bit numbers to their limits", async () => {
    const values = Float64Array.of(
      0,
      1,
      -1,
      2 ** 32,
      -(2 ** 32),
      2 ** 32 - 1,
      -(2 ** 32) - 1,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
    );
    expect(await throughEngine(9, null, (block) => block.integers("c", "Int64", values))).toEqual(
      [...values].map((n) => BigInt(n).toString()),
    );
    const extremes = BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, -1n);
    expect(await throughEngine(3, null, (block) => block.bigints("c", "Int64", extremes))).toEqual(
      [...extremes].map(String),
    );
    const low = Uint32Array.of(0xffffffff, 0, 1);
    const high = Uint32Array.of(0xffffffff, 0x80000000, 0);
    expect(await throughEngine(3, null, (block) => block.halves("c", low, high))).toEqual([
      "18446744073709551615",
      "9223372036854775808",
      "1",
    ]);
    expect(await throughEngine(3, [1, 2], (block) => block.halves("c", low, high))).toEqual([
      "9223372036854775808",
      "1",
    ]);
  });

  it("has times to the microsecond", async () => {
    const us = Float64Array.of(1, 1_709_168_523_004_005, 631_152_000_000_000);
    expect(await throughEngine(3, null, (block) => block.integers("c", "DateTime64(6, 'UTC')", us))).toEqual([
      "1970-01-01 00:00:00.000001",
      "2024-02-29 01:02:03.004005",
      "1990-01-01 00:00:00.000000",
    ]);
  });

  it("has maps of texts, of rows picked in any order", async () => {
    const keys = ["", "k", "l", "unused"];
    const ends = Uint32Array.of(2, 2, 3);
    const fill = (block: BlockBuilder) => block.map("c", ends, keys, [1, 2, 1], ["v", "", "\xc3\xa9"]);
    expect(await throughEngine(3, null, fill)).toEqual(["{'k':'v','l':''}", "{}", "{'k':'é'}"]);
    expect(await throughEngine(3, [2, 0], fill)).toEqual(["{'k':'é'}", "{'k':'v','l':''}"]);
    expect(await throughEngine(3, [1, 2, 1], fill)).toEqual(["{}", "{'k':'é'}", "{}"]);
  });

  it("has maps with more than 256 keys", async () => {
    const keys = ["", ...Array.from({ length: 300 }, (_, i) => `k${i}`)];
    const ids = keys.map((_, id) => id).slice(1);
    const fill = (block: BlockBuilder) => block.map("c", Uint32Array.of(0, 300), keys, ids, ids.map(String));
    expect(await throughEngine(2, null, fill, "length(c)")).toEqual(["0", "300"]);
    expect(await throughEngine(2, null, fill, "c['k299']")).toEqual(["", "300"]);
  });

  it("has arrays of texts, all of them empty or not", async () => {
    const lists = [["a", "b"], [], ["a", ""]];
    expect(await throughEngine(3, null, (block) => block.stringArrays("c", lists))).toEqual([
      "['a','b']",
      "[]",
      "['a','']",
    ]);
    expect(await throughEngine(3, null, (block) => block.stringArrays("c", [[], [], []]))).toEqual(["[]", "[]", "[]"]);
  });

  it("has arrays and maps of numbers, the negative among them", async () => {
    const buckets = Uint16Array.of(-32_768 & 0xffff, 5, 7);
    const counts = BigUint64Array.of(1n, 2n ** 53n, 3n);
    const fill = (block: BlockBuilder) => block.arrays("c", "Map(Int16, UInt64)", [2, 0, 1], [buckets, counts]);
    expect(await throughEngine(3, null, fill)).toEqual(["{-32768:1,5:9007199254740992}", "{}", "{7:3}"]);
    const minutes = (block: BlockBuilder) => block.arrays("c", "Array(Int64)", [0, 2], [BigInt64Array.of(-1n, 1n)]);
    expect(await throughEngine(2, null, minutes)).toEqual(["[]", "[-1,1]"]);
  });
});

describe("a column without values", () => {
  it("is left out, so that the table's default stands", () => {
    const block = new BlockBuilder();
    block.begin({ rows: 2, indices: null });
    block.strings("a", columnOf(["", ""]));
    block.texts("b", ["", ""]);
    block.constant("c", "");
    block.numbers("d", "UInt8", Uint8Array.of(0, 0, 1));
    block.integers("e", "UInt64", Float64Array.of(0, 0, 1));
    block.halves("f", Uint32Array.of(0, 0), Uint32Array.of(0, 0));
    block.map("g", Uint32Array.of(0, 0), [""], [], []);
    expect(block.finish("t", "k")).toMatchObject({ columns: [], structure: "", rows: 2 });
  });
});
