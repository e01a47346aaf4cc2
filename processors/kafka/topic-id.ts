import type { KafkajsBroker } from "./kafkajs-seam.ts";
import { sendRaw } from "./kafkajs-seam.ts";

/*
 * The id that a topic was given when it was made (Kafka 2.8 and later): another topic of the same name has another one. It
 * is in Metadata from version 10 on, which kafkajs does not speak.
 */

const METADATA = 3;
const METADATA_VERSION = 10;
const NO_ID = "0".repeat(32);

/** The topic's id in hexadecimal; null: it is not there, or the broker knows of no ids. */
export async function readTopicId(broker: KafkajsBroker, topic: string): Promise<string | null> {
  if ((broker.versions?.[METADATA]?.maxVersion ?? 0) < METADATA_VERSION) return null;
  const answer = await sendRaw(broker, {
    apiKey: METADATA,
    apiName: "Metadata",
    apiVersion: METADATA_VERSION,
    body: encodeRequest(topic),
  });
  return decodeAnswer(answer, topic);
}

function encodeRequest(topic: string): Buffer {
  const name = Buffer.from(topic);
  return Buffer.concat([
    // The header's tags; one topic, without an id; its name.
    Buffer.from([0, 2]),
    Buffer.alloc(16),
    unsigned(name.length + 1),
    name,
    // Its tags; nothing is made, nobody's rights are asked for; tags.
    Buffer.from([0, 0, 0, 0, 0]),
  ]);
}

function unsigned(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** @internal exported for its test */
export function decodeAnswer(bytes: Buffer, topic: string): string | null {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  /** A length as compact texts and lists have it; 0 for none. */
  const length = (): number => Math.max(0, varint() - 1);
  const skipTags = (): void => {
    for (let count = varint(); count > 0; count--) {
      varint();
      at += varint();
    }
  };
  const text = (): string => {
    const size = length();
    at += size;
    return bytes.toString("utf8", at - size, at);
  };
  skipTags();
  at += 4;
  for (let brokers = length(); brokers > 0; brokers--) {
    at += 4;
    text();
    at += 4;
    text();
    skipTags();
  }
  text();
  at += 4;
  if (length() === 0) return null;
  const error = bytes.readInt16BE(at);
  at += 2;
  const name = text();
  const id = bytes.toString("hex", at, at + 16);
  return error !== 0 || name !== topic || id === NO_ID ? null : id;
}
