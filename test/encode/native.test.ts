import { describe, expect, it } from "vitest";
import { BlockBuilder } from "../../processors/encode/block.ts";
import { Attributes } from "../../processors/model/attributes.ts";
import { ByteWindow } from "../../processors/model/byte-window.ts";
import { StringColumn } from "../../processors/model/string-column.ts";
import { TextColumn } from "../../processors/model/text-column.ts";
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
  const column = new StringColumn(values.length, false, new ByteWindow());
  for (const [row, value] of values.entries()) column.set(row, value);
  return column;
}

function textsOf(values: readonly string[]): TextColumn {
  const column = new TextColumn(values.length);
  for (const [row, value] of values.entries()) column.set(row, value);
  return column;
}

describe("a column that the engine reads back", () => {
  it("has texts with and without a dictionary, empty ones and any bytes among them", async () => {
    const values = ["", "a", "", "caf\xc3\xa9", "\xff\x00\x01", "a", "x".repeat(300), "y".repeat(20_000)];
    const hex = values.map((value) => Buffer.from(value, "latin1").toString("hex").toUpperCase());
    expect(await throughEngine(8, null, (block) => block.strings("c", columnOf(values)), "hex(c)")).toEqual(hex);
    expect(await throughEngine(8, null, (block) => block.texts("c", textsOf(values)), "hex(c)")).toEqual(hex);
    expect(await throughEngine(8, [7, 2, 3], (block) => block.strings("c", columnOf(values)), "hex(c)")).toEqual([
      hex[7],
      hex[2],
      hex[3],
    ]);
    expect(await throughEngine(8, [6, 0, 1], (block) => block.texts("c", textsOf(values)), "hex(c)")).toEqual([
      hex[6],
      hex[0],
      hex[1],
    ]);
  });

  it.each([255, 256, 257, 300, 65_536, 65_537, 70_000])("has a dictionary of %i values", async (count) => {
    const values = Array.from({ length: count }, (_, i) => `value ${i}`);
    expect(await throughEngine(count, null, (block) => block.strings("c", columnOf(values)))).toEqual(values);
  });

  it("has texts of a column that stopped looking them up", async () => {
    const column = new StringColumn(4, true, new ByteWindow());
    column.begin("", 4);
    for (let i = 0; i < 5000; i++) column.set(0, `new ${i}`);
    const text = "a--b";
    column.begin(text, 4);
    expect(column.isDirect).toBe(true);
    column.setSpan(0, text, 0, 1);
    column.set(2, "\xff");
    column.setSpan(3, text, 3, 4);
    expect([0, 1, 2, 3].map((row) => column.get(row))).toEqual(["a", "", "\xff", "b"]);
    expect(await throughEngine(4, null, (block) => block.strings("c", column), "hex(c)")).toEqual([
      "61",
      "",
      "FF",
      "62",
    ]);
    expect(await throughEngine(4, [3, 1], (block) => block.strings("c", column))).toEqual(["b", ""]);
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
    const ends = Uint32Array.of(2, 2, 3);
    const attributes = new Attributes();
    attributes.keys.intern("unused");
    attributes.begin("a v");
    attributes.addSpan(attributes.keys.intern("k"), 2, 3);
    attributes.add(attributes.keys.intern("l"), "");
    attributes.add(attributes.keys.intern("k"), "\xc3\xa9");
    const fill = (block: BlockBuilder) => block.map("c", ends, attributes);
    expect(await throughEngine(3, null, fill)).toEqual(["{'k':'v','l':''}", "{}", "{'k':'é'}"]);
    expect(await throughEngine(3, [2, 0], fill)).toEqual(["{'k':'é'}", "{'k':'v','l':''}"]);
    expect(await throughEngine(3, [1, 2, 1], fill)).toEqual(["{}", "{'k':'é'}", "{}"]);
  });

  it("has maps with more than 256 keys", async () => {
    const attributes = new Attributes();
    for (let i = 0; i < 2000; i++) attributes.add(attributes.keys.intern(`k${i}`), String(i));
    const fill = (block: BlockBuilder) => block.map("c", Uint32Array.of(0, 2000), attributes);
    expect(await throughEngine(2, null, fill, "length(c)")).toEqual(["0", "2000"]);
    expect(await throughEngine(2, null, fill, "c['k1999']")).toEqual(["", "1999"]);
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
    block.texts("b", textsOf(["", ""]));
    block.constant("c", "");
    block.numbers("d", "UInt8", Uint8Array.of(0, 0, 1));
    block.integers("e", "UInt64", Float64Array.of(0, 0, 1));
    block.halves("f", Uint32Array.of(0, 0), Uint32Array.of(0, 0));
    block.map("g", Uint32Array.of(0, 0), new Attributes());
    expect(block.finish("t", "k")).toMatchObject({ columns: [], structure: "", rows: 2 });
  });
});
