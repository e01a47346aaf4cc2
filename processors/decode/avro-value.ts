import { EVENTS_MAX } from "./pieces.ts";

/*
 * Reads Avro's binary encoding out of byte text and writes JSON, as byte text. Records and maps become objects, fields without
 * a value (null, NaN) are left out, enums are their symbols, `fixed` is hexadecimal (ids), `bytes` is text. Logical types
 * are read as what they are made of.
 */

/** The events in text[begin, end), which must be used up; null: too many. Throws MalformedAvro. */
export type AvroReader = (text: string, begin: number, end: number) => readonly string[] | null;

/** The bytes are not of the schema. */
export class MalformedAvro extends Error {
  readonly at: number;

  constructor(what: string, at: number) {
    super(what);
    this.at = at;
  }
}

/** Values in one record, however small they are: items of an array may take no bytes at all. */
const VALUES_MAX = 200_000;
const DEPTH_MAX = 64;

/** The bytes that are being read. */
interface Input {
  text: string;
  at: number;
  end: number;
  values: number;
  depth: number;
}

/** A value as JSON text; null: there is none. */
type Read = (input: Input) => string | null;

/** @param canonical A schema in canonical form: full names, no attributes. */
export function createAvroReader(canonical: unknown): AvroReader {
  const names = new Map<string, { read: Read }>();
  const isList = typeOf(canonical) === "array";
  const readEvent = compile(isList ? (canonical as { items: unknown }).items : canonical, names);
  return function read(text, begin, end) {
    const input: Input = { text, at: begin, end, values: 0, depth: 0 };
    const events: string[] = [];
    const readOne = (): void => {
      events.push(readEvent(input) ?? "{}");
    };
    if (!isList) readOne();
    else if (!readBlocks(input, readOne, () => events.length < EVENTS_MAX)) return null;
    if (input.at !== end) throw new MalformedAvro("bytes are left over", input.at);
    return events;
  };
}

function typeOf(schema: unknown): unknown {
  return typeof schema === "object" && schema !== null && !Array.isArray(schema)
    ? (schema as { type: unknown }).type
    : schema;
}

function compile(schema: unknown, names: Map<string, { read: Read }>): Read {
  const read = compileType(schema, names);
  return (input) => {
    if (++input.values > VALUES_MAX) throw new MalformedAvro("there are too many values", input.at);
    return read(input);
  };
}

function compileType(schema: unknown, names: Map<string, { read: Read }>): Read {
  if (Array.isArray(schema)) return unionOf(schema.map((branch) => compile(branch, names)));
  const type = typeOf(schema);
  switch (type) {
    case "null":
      return () => null;
    case "boolean":
      return readBoolean;
    case "int":
    case "long":
      return readLong;
    case "float":
      return (input) => numberText(floats(input, 4).getFloat32(0, true));
    case "double":
      return (input) => numberText(floats(input, 8).getFloat64(0, true));
    case "string":
    case "bytes":
      return (input) => quoted(take(input, readLength(input)));
  }
  const complex = schema as { name: string; items: unknown; values: unknown; size: number; symbols: string[] };
  switch (type) {
    case "array":
      return listOf(compile(complex.items, names));
    case "map":
      return mapOf(compile(complex.values, names));
    case "fixed":
      return named(complex.name, names, () => (input) => `"${hex(take(input, complex.size))}"`);
    case "enum":
      return named(complex.name, names, () => enumOf(complex.symbols));
    case "record":
      return named(complex.name, names, () =>
        recordOf(
          (schema as { fields: { name: string; type: unknown }[] }).fields.map((field) => ({
            head: `${quoted(field.name)}:`,
            read: compile(field.type, names),
          })),
        ),
      );
  }
  const known = names.get(String(type));
  if (known === undefined) throw new Error(`The schema names the type ${String(type)}, which it does not define.`);
  return (input) => known.read(input);
}

/** A type that may be named again, also within itself. */
function named(name: string, names: Map<string, { read: Read }>, make: () => Read): Read {
  const entry = { read: (): string | null => null } as { read: Read };
  names.set(name, entry);
  entry.read = make();
  return entry.read;
}

function nested(input: Input, read: () => string): string {
  if (++input.depth > DEPTH_MAX) throw new MalformedAvro("values are nested too deep", input.at);
  const text = read();
  input.depth--;
  return text;
}

function recordOf(fields: readonly { readonly head: string; readonly read: Read }[]): Read {
  return (input) =>
    nested(input, () => {
      let out = "{";
      for (const { head, read } of fields) {
        const value = read(input);
        if (value !== null) out += out.length === 1 ? head + value : `,${head}${value}`;
      }
      return `${out}}`;
    });
}

function listOf(readItem: Read): Read {
  return (input) =>
    nested(input, () => {
      const items: string[] = [];
      readBlocks(input, () => items.push(readItem(input) ?? "null"));
      return `[${items.join(",")}]`;
    });
}

function mapOf(readValue: Read): Read {
  return (input) =>
    nested(input, () => {
      const entries: string[] = [];
      readBlocks(input, () => {
        const key = quoted(take(input, readLength(input)));
        const value = readValue(input);
        if (value !== null) entries.push(`${key}:${value}`);
      });
      return `{${entries.join(",")}}`;
    });
}

function unionOf(branches: readonly Read[]): Read {
  return (input) => {
    const branch = branches[readIndex(input)];
    if (branch === undefined) throw new MalformedAvro("a union has no such branch", input.at);
    return branch(input);
  };
}

function enumOf(symbols: readonly string[]): Read {
  const texts = symbols.map(quoted);
  return (input) => {
    const text = texts[readIndex(input)];
    if (text === undefined) throw new MalformedAvro("an enum has no such symbol", input.at);
    return text;
  };
}

/** Reads the items of an array or map; false: the next item was not wanted any more. */
function readBlocks(input: Input, readItem: () => void, isWanted: () => boolean = () => true): boolean {
  for (;;) {
    let count = readSmall(input);
    if (count === 0) return true;
    if (count < 0) {
      count = -count;
      readLength(input);
    }
    for (; count > 0; count--) {
      if (!isWanted()) return false;
      readItem();
    }
  }
}

function readByte(input: Input): number {
  if (input.at >= input.end) throw new MalformedAvro("the record ends too early", input.at);
  return input.text.charCodeAt(input.at++);
}

function readBoolean(input: Input): string {
  const byte = readByte(input);
  if (byte > 1) throw new MalformedAvro("a boolean is neither 0 nor 1", input.at - 1);
  return byte === 1 ? "true" : "false";
}

/** A long as decimal text, exact. */
function readLong(input: Input): string {
  let byte = readByte(input);
  if (byte < 0x80) return String((byte >>> 1) ^ -(byte & 1));
  const begin = input.at - 1;
  let value = byte & 0x7f;
  let factor = 128;
  while (byte >= 0x80 && input.at - begin < 7) {
    byte = readByte(input);
    value += (byte & 0x7f) * factor;
    factor *= 128;
  }
  if (byte < 0x80) return String(value % 2 === 0 ? value / 2 : -(value + 1) / 2);
  let whole = BigInt(value);
  for (let shift = 49n; byte >= 0x80; shift += 7n) {
    if (shift > 63n) throw new MalformedAvro("a number is longer than 64 bits", begin);
    byte = readByte(input);
    whole |= BigInt(byte & 0x7f) << shift;
  }
  return String(BigInt.asIntN(64, (whole >> 1n) ^ -(whole & 1n)));
}

/** A number that counts something. */
function readSmall(input: Input): number {
  const value = Number(readLong(input));
  if (!Number.isSafeInteger(value)) throw new MalformedAvro("a length can't be right", input.at);
  return value;
}

function readIndex(input: Input): number {
  return readSmall(input);
}

function readLength(input: Input): number {
  const length = readSmall(input);
  if (length < 0) throw new MalformedAvro("a length is negative", input.at);
  return length;
}

function take(input: Input, length: number): string {
  if (length > input.end - input.at) throw new MalformedAvro("a value goes beyond the record's end", input.at);
  const begin = input.at;
  input.at += length;
  return input.text.slice(begin, input.at);
}

const FLOAT = new DataView(new ArrayBuffer(8));

function floats(input: Input, length: number): DataView {
  const bytes = take(input, length);
  for (let i = 0; i < length; i++) FLOAT.setUint8(i, bytes.charCodeAt(i));
  return FLOAT;
}

/** JSON has no NaN and nothing infinite. */
function numberText(value: number): string | null {
  return Number.isFinite(value) ? String(value) : null;
}

function hex(bytes: string): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += bytes.charCodeAt(i).toString(16).padStart(2, "0");
  return text;
}

const ESCAPED = /["\\\x00-\x1f]/;
const EACH_ESCAPED = /["\\\x00-\x1f]/g;

function quoted(text: string): string {
  if (!ESCAPED.test(text)) return `"${text}"`;
  const escaped = text.replace(EACH_ESCAPED, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
