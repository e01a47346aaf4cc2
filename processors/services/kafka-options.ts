import { readFileSync } from "node:fs";
import type { KafkaOptions } from "../kafka/client.ts";
import { WeirError } from "../model/errors.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";

/** How to reach the Kafka that a configuration means; the files of its certificates are read now. */
export function kafkaOptionsOf({ kafka }: Config, logger: Logger | null): KafkaOptions {
  const { brokers, clientId, tls, sasl } = kafka;
  return {
    brokers,
    clientId,
    tls: tls === null ? null : { ca: pem(tls.caFile), cert: pem(tls.certFile), key: pem(tls.keyFile) },
    sasl: sasl === null ? null : { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password },
    onWarning: (message) => logger?.debug({ client: "kafka" }, message),
  };
}

function pem(path: string | null): string | null {
  if (path === null) return null;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new WeirError("CONFIG_UNREADABLE", `The file ${path} of kafka.tls can't be read (${code}); check it.`, {
      cause,
    });
  }
}
