import avsc, { type Type } from "avsc";

/**
 * Avro's single-object encoding: C3 01, the schema's fingerprint (CRC-64-AVRO of its canonical form, little-endian), the
 * value. Who knows the schema can tell by the first ten bytes whether it is the one. With a schema registry, its wire
 * format instead: 00, the number that the registry has for the schema (four bytes, the highest first), the value.
 */
export interface AvroCodec {
  readonly fingerprint: bigint;
  /** What every encoded value begins with. */
  readonly head: Uint8Array;
  encode(value: unknown): Uint8Array;
  /** Reads both. Throws where the bytes are of another schema, as far as the number of a registry is known. */
  decode(bytes: Uint8Array): unknown;
}

const REGISTRY_HEAD_BYTES = 5;

/** @param schema Text of an .avsc file. */
export function createAvroCodec(schema: string, { registryId }: { readonly registryId?: number } = {}): AvroCodec {
  const type: Type = avsc.Type.forSchema(JSON.parse(schema), { registry: { long: LONG } });
  const fingerprint = fingerprintOf(JSON.stringify(type.schema()));
  const head = Buffer.alloc(10);
  head.writeUInt16BE(0xc301);
  head.writeBigUInt64LE(fingerprint, 2);
  const registryHead = Buffer.alloc(REGISTRY_HEAD_BYTES);
  registryHead.writeUInt32BE(registryId ?? 0, 1);
  const written = registryId === undefined ? head : registryHead;
  return {
    fingerprint,
    head: written,
    encode: (value) => Buffer.concat([written, type.toBuffer(value)]),
    decode(bytes) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (buffer[0] === 0) {
        if (registryId !== undefined && buffer.readUInt32BE(1) !== registryId)
          throw new Error("The bytes are of another schema of the registry.");
        return type.fromBuffer(buffer.subarray(REGISTRY_HEAD_BYTES));
      }
      if (!buffer.subarray(0, head.length).equals(head))
        throw new Error("The bytes are not a single object of this schema.");
      return type.fromBuffer(buffer.subarray(head.length));
    },
  };
}

/** A schema in canonical form, with its fingerprint. Throws where the text is no schema. */
export function readAvroSchema(schema: string): { readonly fingerprint: bigint; readonly canonical: unknown } {
  const canonical = JSON.stringify(avsc.Type.forSchema(JSON.parse(schema), { registry: { long: LONG } }).schema());
  return { fingerprint: fingerprintOf(canonical), canonical: JSON.parse(canonical) };
}

const LONG_MAX = (1n << 63n) - 1n;

/** 64-bit integers: a number where that is exact, a bigint beyond. What no long can hold becomes the nearest that it can. */
const LONG = avsc.types.LongType.__with({
  fromBuffer(bytes: Buffer) {
    const value = bytes.readBigInt64LE();
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  },
  toBuffer(value: number | bigint) {
    const bytes = Buffer.alloc(8);
    if (typeof value === "number") {
      const high = Math.floor(value / 4294967296);
      bytes.writeUInt32LE(value - high * 4294967296);
      bytes.writeInt32LE(high, 4);
    } else bytes.writeBigInt64LE(value > LONG_MAX ? LONG_MAX : value < -LONG_MAX ? -LONG_MAX : value);
    return bytes;
  },
  fromJSON: (value: number | string) => (Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)),
  toJSON: (value: number | bigint) => (typeof value === "number" ? value : String(value)),
  isValid: (value: unknown) => typeof value === "bigint" || Number.isSafeInteger(value),
  compare: (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

const EMPTY = 0xc15d213aa4d7a795n;
const TABLE = Array.from({ length: 256 }, (_, i) => {
  let fingerprint = BigInt(i);
  for (let bit = 0; bit < 8; bit++) fingerprint = (fingerprint >> 1n) ^ (EMPTY & -(fingerprint & 1n));
  return BigInt.asUintN(64, fingerprint);
});

/** CRC-64-AVRO of a schema in canonical form. */
export function fingerprintOf(canonical: string): bigint {
  let fingerprint = EMPTY;
  for (const byte of Buffer.from(canonical))
    fingerprint = (fingerprint >> 8n) ^ TABLE[Number((fingerprint ^ BigInt(byte)) & 0xffn)];
  return fingerprint;
}
