import type { RecordBatch, Refusal } from "../model/record.ts";
import { type AvroReader, createAvroReader, MalformedAvro } from "./avro-value.ts";
import { PieceGatherer, TOO_MANY_EVENTS } from "./pieces.ts";

/** A schema that records may be written by. */
export interface AvroSchema {
  /** CRC-64-AVRO of the canonical form: 64 bits, unsigned. */
  readonly fingerprint: bigint;
  /** Its number in the registry of whoever writes; null: records name it by its fingerprint only. */
  readonly id: number | null;
  /** The schema in canonical form: full names, no attributes. */
  readonly canonical: unknown;
}

const SINGLE_OBJECT = "\xc3\x01";
const SINGLE_OBJECT_LENGTH = 10;
const CONFLUENT = "\x00";
const CONFLUENT_LENGTH = 5;

const NO_FRAME: Refusal = {
  code: "DECODE_AVRO_FRAME",
  reason: "The record begins neither with C3 01 and a fingerprint nor with 00 and the number of a schema.",
};

/**
 * Avro records as JSON text, an event each (an array of them: several), written behind the batch's text. A record says by which
 * schema it was written: in single-object encoding by the schema's fingerprint, in Confluent's framing by its number. Only
 * schemas that are given are known, and nothing is guessed.
 */
export function createAvroDecode(schemas: readonly AvroSchema[]): (records: RecordBatch) => RecordBatch {
  const byFingerprint = new Map<string, AvroReader>();
  const byId = new Map<number, AvroReader>();
  for (const { fingerprint, id, canonical } of schemas) {
    const reader = createAvroReader(canonical);
    byFingerprint.set(littleEndian(fingerprint), reader);
    if (id !== null) byId.set(id, reader);
  }

  function events(text: string, begin: number, end: number): readonly string[] | Refusal {
    let reader: AvroReader | undefined;
    let at: number;
    let named: string;
    if (text.startsWith(SINGLE_OBJECT, begin) && end - begin >= SINGLE_OBJECT_LENGTH) {
      at = begin + SINGLE_OBJECT_LENGTH;
      const fingerprint = text.slice(begin + 2, at);
      reader = byFingerprint.get(fingerprint);
      named = `fingerprint ${fingerprintText(fingerprint)}`;
    } else if (text.startsWith(CONFLUENT, begin) && end - begin >= CONFLUENT_LENGTH) {
      at = begin + CONFLUENT_LENGTH;
      const id = bigEndian32(text, begin + 1);
      reader = byId.get(id);
      named = `number ${id}`;
    } else return NO_FRAME;
    if (reader === undefined)
      return {
        code: "DECODE_AVRO_SCHEMA",
        reason: `The record was written by the schema with the ${named}, which kafka.schemas does not have.`,
      };
    try {
      return reader(text, at, end) ?? TOO_MANY_EVENTS;
    } catch (error) {
      if (!(error instanceof MalformedAvro)) throw error;
      return {
        code: "DECODE_AVRO_VALUE",
        reason: `The record is not of the schema with the ${named}: ${error.message} at byte ${error.at - begin}.`,
      };
    }
  }

  return function decode(records) {
    const { text, begins, ends, count } = records;
    const cut = new Set(records.cut);
    const pieces = new PieceGatherer(records);
    for (let record = 0; record < count; record++) {
      const begin = begins[record];
      const end = ends[record];
      if (cut.has(record) || records.poison?.has(record)) {
        pieces.end(record);
        continue;
      }
      // A value of null: the record says that there is nothing, like a blank line.
      if (begin === end) pieces.add(begin, end);
      else {
        const found = events(text, begin, end);
        if ("code" in found) pieces.refuse(record, found);
        else pieces.addWritten(record, found);
      }
      pieces.end(record);
    }
    return pieces.finish();
  };
}

function littleEndian(value: bigint): string {
  let text = "";
  for (let shift = 0n; shift < 64n; shift += 8n) text += String.fromCharCode(Number((value >> shift) & 0xffn));
  return text;
}

/** As it is usually written: the most significant byte first. */
function fingerprintText(bytes: string): string {
  let text = "";
  for (let i = bytes.length - 1; i >= 0; i--) text += bytes.charCodeAt(i).toString(16).padStart(2, "0");
  return text;
}

function bigEndian32(text: string, at: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = value * 256 + text.charCodeAt(at + i);
  return value;
}
