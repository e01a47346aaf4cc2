import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { AvroSchema } from "../decode/avro.ts";
import { readAvroSchema } from "../encode/avro.ts";
import { WeirError } from "../model/errors.ts";
import type { Config } from "../runtime/config.ts";

const OWN_SCHEMA = fileURLToPath(new URL("../../schemas/log_record.v1.avsc", import.meta.url));
const SCHEMA_LENGTH_MAX = 1 << 20;

/** Schemas by which Avro records may be written. */
export interface AvroSchemas {
  readonly schemas: readonly AvroSchema[];
  /** Names the configured ones by what they say; "" where there are none. */
  readonly version: string;
}

/**
 * Reads Weir's own schema and the configured ones, which may give it a number as well. Throws CONFIG_UNREADABLE, and
 * CONFIG_INVALID for what is no schema of events.
 */
export async function readAvroSchemas({ kafka }: Pick<Config, "kafka">): Promise<AvroSchemas> {
  const configured = await Promise.all(kafka.schemas.map(({ file, id }) => readOne(file, id)));
  const ids = configured.flatMap(({ id }) => (id === null ? [] : [id]));
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw invalid(`two schemas have the number ${twice}`);
  const named = configured.map(({ fingerprint, id }) => `${fingerprint} ${id}`).sort();
  const version =
    named.length === 0 ? "" : createHash("sha256").update(JSON.stringify(named)).digest("hex").slice(0, 8);
  return { schemas: [await readOne(OWN_SCHEMA, null), ...configured], version };
}

async function readOne(file: string, id: number | null): Promise<AvroSchema> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new WeirError("CONFIG_UNREADABLE", `The schema ${file} can't be read: ${error.code ?? error.message}.`);
  });
  if (text.length > SCHEMA_LENGTH_MAX) throw invalid(`${file} is longer than ${SCHEMA_LENGTH_MAX} characters`);
  let schema: ReturnType<typeof readAvroSchema>;
  try {
    schema = readAvroSchema(text);
  } catch (error) {
    throw invalid(`${file} is no Avro schema: ${(error as Error).message}`);
  }
  if (!isOfEvents(schema.canonical)) throw invalid(`${file} is neither of a record nor of an array of records`);
  return { ...schema, id };
}

function isOfEvents(canonical: unknown): boolean {
  const { type, items } = canonical as { type?: unknown; items?: { type?: unknown } };
  return type === "record" || (type === "array" && items?.type === "record");
}

function invalid(what: string): WeirError {
  return new WeirError("CONFIG_INVALID", `kafka.schemas can't be used: ${what}; correct it.`);
}
