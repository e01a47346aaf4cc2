import type { InsertBlock } from "../../processors/model/ports.ts";

/** A Native block of the columns `n UInt64, index String`; strings are bytes. */
export function makeBlock(rows: readonly (readonly [bigint, Uint8Array | string])[], token: string): InsertBlock {
  const numbers = new BigUint64Array(rows.map(([n]) => n));
  const strings = rows.flatMap(([, text]) => {
    const bytes = Buffer.from(text as string);
    return [varint(bytes.length), bytes];
  });
  return {
    table: "numbered",
    columns: ["n", "index"],
    structure: "`n` UInt64, `index` String",
    native: [
      Buffer.concat([varint(2), varint(rows.length), name("n"), name("UInt64"), Buffer.from(numbers.buffer)]),
      Buffer.concat([name("index"), name("String"), ...strings]),
    ],
    rows: rows.length,
    token,
  };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

function name(text: string): Buffer {
  return Buffer.concat([varint(text.length), Buffer.from(text)]);
}
