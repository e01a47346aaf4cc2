/*
 * Keeps the newest revision of every finished window, and prints each as it comes, as JSON:
 *
 *   node examples/consume-windows.ts localhost:9092 [TOPIC] [GROUP]
 *
 * Needs the packages kafkajs, avsc and lz4-napi, and schemas/window.v1.avsc.
 */
import { readFileSync } from "node:fs";
import avsc from "avsc";
import kafkajs from "kafkajs";
import { decompressFrameSync } from "lz4-napi";

const [brokers = "localhost:9092", topic = "weir.windows", group = "example"] = process.argv.slice(2);

const { Kafka, CompressionCodecs, CompressionTypes, logLevel } = kafkajs;
// Weir compresses with LZ4, which kafkajs must be taught.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async () => Promise.reject(new Error("Nothing is sent here.")),
  decompress: async (bytes: Buffer) => decompressFrameSync(bytes),
});

const schema = avsc.Type.forSchema(
  JSON.parse(readFileSync(new URL("../schemas/window.v1.avsc", import.meta.url), "utf8")),
);

/** The bytes of the value behind its framing: C3 01 and a fingerprint, or 00 and the number in a schema registry. */
function body(value: Buffer): Buffer {
  if (value[0] === 0xc3 && value[1] === 0x01) return value.subarray(10);
  if (value[0] === 0x00) return value.subarray(5);
  throw new Error("The value has no framing that is known.");
}

/** Highest revision of each key. A real consumer keeps it where it keeps the rows. */
const revisions = new Map<string, number>();

// Committed records only, which is kafkajs's default: what a closer began and did not end is never seen.
const consumer = new Kafka({ brokers: brokers.split(","), clientId: "example", logLevel: logLevel.ERROR }).consumer({
  groupId: group,
  readUncommitted: false,
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message: { key, value, headers } }) => {
    if (key === null || value === null) return;
    const revision = Number(headers?.["revision"]);
    // Of the records of one window the highest revision counts, however often and in whatever order they come.
    if ((revisions.get(key.toString()) ?? 0) >= revision) return;
    revisions.set(key.toString(), revision);
    const window = schema.fromBuffer(body(value)) as object;
    console.log(JSON.stringify({ emit_id: String(headers?.["emit_id"]), ...window }));
  },
});

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void consumer.disconnect());
