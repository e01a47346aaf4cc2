import kafkajs, { type Kafka } from "kafkajs";
import { compressFrameSync } from "lz4-napi";
import { type KafkaOptions, tlsOptions } from "./client.ts";

// Node.js does not find all of its names one by one.
const { CompressionCodecs, CompressionTypes, Kafka: Client, logLevel } = kafkajs;

export const LZ4 = CompressionTypes.LZ4;

/** kafkajs with its own producer and admin client, which may send with LZ4. */
export function createKafkajs(kafka: KafkaOptions): Kafka {
  CompressionCodecs[LZ4] = () => ({
    compress: async (encoder: { buffer: Buffer }) => compressFrameSync(encoder.buffer),
    decompress: async () => {
      throw new Error("Records are never read by kafkajs.");
    },
  });
  return new Client({
    brokers: [...kafka.brokers],
    clientId: kafka.clientId,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ log }) =>
        kafka.onWarning?.(log.message),
    ...(kafka.tls === null ? {} : { ssl: tlsOptions(kafka.tls) }),
    ...(kafka.sasl === null ? {} : { sasl: kafka.sasl as never }),
  });
}
