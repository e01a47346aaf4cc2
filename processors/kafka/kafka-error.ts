import { WeirError } from "../model/errors.ts";

/** What kafkajs throws, as far as Weir reads it. */
interface KafkajsError {
  readonly name?: string;
  /** Name of the broker's error code. */
  readonly type?: string;
  readonly message?: string;
  readonly cause?: unknown;
  readonly originalError?: unknown;
}

/** Name of the broker's error code that an error carries, on itself or on what caused it; "" if none. */
export function errorType(error: unknown): string {
  for (let e = error as KafkajsError | undefined, depth = 0; e && depth < 5; depth++) {
    if (typeof e.type === "string") return e.type;
    e = (e.cause ?? e.originalError) as KafkajsError | undefined;
  }
  return "";
}

function hasName(error: unknown, pattern: RegExp): boolean {
  for (let e = error as KafkajsError | undefined, depth = 0; e && depth < 5; depth++) {
    if (typeof e.name === "string" && pattern.test(e.name)) return true;
    e = (e.cause ?? e.originalError) as KafkajsError | undefined;
  }
  return false;
}

/** An error of kafkajs or of a broker as a WeirError; one that is a WeirError already is returned as it is. */
export function toKafkaError(error: unknown, where: string): WeirError {
  if (error instanceof WeirError) return error;
  const type = errorType(error);
  const text = error instanceof Error ? error.message.replace(/\s+/g, " ").replace(/[. ]+$/, "") : String(error);
  if (/AUTHORIZATION_FAILED|SASL|SECURITY/.test(type) || hasName(error, /SASL|Security/))
    return new WeirError(
      "KAFKA_REFUSED",
      `Kafka refused ${where}: ${text}; check the account of kafka.sasl and what it may do.`,
      { cause: error },
    );
  if (type === "UNSUPPORTED_VERSION")
    return new WeirError("KAFKA_REFUSED", `Kafka refused ${where}: ${text}; use Kafka 2.3 or later.`, { cause: error });
  return new WeirError("KAFKA_UNREACHABLE", `Kafka failed at ${where}: ${text}; check kafka.brokers and try again.`, {
    cause: error,
  });
}
