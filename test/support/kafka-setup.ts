import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { kafkaJars, startKafkaBroker } from "./kafka-broker.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the broker that all tests share; "" = there is none. */
    kafkaBrokers: string;
    /** Folder of the broker's jars; "" = a broker of one's own can't be started. */
    kafkaJars: string;
  }
}

/**
 * One broker for all tests of test/kafka, started when the run has such tests: the one of KAFKA_BROKERS, otherwise a real
 * one by Java and Maven. Without either these tests are skipped, and say so; with CI set that is a failure.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env["KAFKA_BROKERS"] ?? "";
  const jars = given === "" || process.env["CI"] ? await kafkaJars() : null;
  project.provide("kafkaJars", jars ?? "");
  if (given !== "") {
    project.provide("kafkaBrokers", given);
    return undefined;
  }
  if (jars === null) {
    const what = "no Kafka: set KAFKA_BROKERS, or install Java 17 and Maven";
    if (process.env["CI"]) throw new Error(`The tests of test/kafka can't run: ${what}.`);
    process.stderr.write(`\n*** The tests of test/kafka are SKIPPED: ${what}. ***\n\n`);
    project.provide("kafkaBrokers", "");
    return undefined;
  }
  const dir = await mkdtemp(join(tmpdir(), "weir-kafka-"));
  const broker = await startKafkaBroker(jars, { dir });
  project.provide("kafkaBrokers", broker.address);
  return async () => {
    await broker.stop({ force: true });
    await rm(dir, { recursive: true, force: true });
  };
}
