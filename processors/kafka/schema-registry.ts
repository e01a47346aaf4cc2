import { WeirError } from "../model/errors.ts";

export interface SchemaRegistry {
  readonly url: string;
  readonly username: string;
  /** Secret; "" = none. */
  readonly password: string;
}

const ANSWER_MS_MAX = 10_000;
const ANSWER_BYTES_MAX = 1 << 20;

/** Registers a schema under a subject; one that is there already keeps its number, which is returned. */
export async function registerSchema(registry: SchemaRegistry, subject: string, schema: string): Promise<number> {
  const url = `${registry.url.replace(/\/+$/, "")}/subjects/${encodeURIComponent(subject)}/versions`;
  const account = Buffer.from(`${registry.username}:${registry.password}`).toString("base64");
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/vnd.schemaregistry.v1+json",
        ...(registry.username === "" ? {} : { authorization: `Basic ${account}` }),
      },
      body: JSON.stringify({ schema, schemaType: "AVRO" }),
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    status = response.status;
    text = (await response.text()).slice(0, ANSWER_BYTES_MAX);
  } catch (cause) {
    throw new WeirError("KAFKA_UNREACHABLE", `The schema registry ${registry.url} does not answer; check it.`, {
      cause,
    });
  }
  const id = status === 200 ? idIn(text) : null;
  if (id !== null) return id;
  const message = text.replace(/[^\x20-\x7e]+/g, " ").slice(0, 200);
  throw new WeirError(
    status >= 500 || status === 429 ? "KAFKA_UNREACHABLE" : "KAFKA_REFUSED",
    `The schema registry ${registry.url} answered ${status} to the schema of ${subject} (${message}); check topics.registry.`,
  );
}

function idIn(text: string): number | null {
  try {
    const { id } = JSON.parse(text) as { id?: unknown };
    return Number.isInteger(id) ? (id as number) : null;
  } catch {
    return null;
  }
}
