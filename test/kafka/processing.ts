import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../processors/runtime/clock.ts";
import { createLogger } from "../../processors/runtime/logger.ts";
import { type ProcessTopicsSummary, processTopics } from "../../processors/services/process-topics.ts";
import { configOf } from "../integration/workbench.ts";
import { brokers } from "./kafka.ts";

/** weir.yaml of a group that reads topics, each as a source of its own. */
export function yamlOf(
  group: string,
  topics: Readonly<Record<string, string>>,
  { at = brokers, more = "" }: { readonly at?: string; readonly more?: string } = {},
): string {
  const sources = Object.entries(topics).map(
    ([topic, format]) => `  - {name: ${topic}, topic: ${topic}, format: ${format}}`,
  );
  return `kafka:
  brokers: "${at}"
  group: ${group}
  session: 6s
${more}
sources:
${sources.join("\n")}
`;
}

export interface Processing {
  /** Ends it after the batch in hand. */
  stop(): Promise<ProcessTopicsSummary>;
  /** Its own log so far, a line an entry. */
  log(): string;
  /** What it has stored so far, and the furthest offset of any partition. Who opened the store to ask would be in its way. */
  readonly events: number;
  readonly next: bigint;
  /** What it came to, also when it ends by itself. */
  readonly ended: Promise<ProcessTopicsSummary>;
}

/** `weir process`, in this process. */
export function processing(data: string, yaml: string, env: Readonly<Record<string, string>> = {}): Processing {
  const controller = new AbortController();
  let log = "";
  let events = 0;
  let next = 0n;
  const output = {
    isTTY: false,
    write(text: string) {
      log += text;
      return true;
    },
  };
  const ended = processTopics({
    config: configOf(data, { yaml, env }),
    clock: systemClock,
    signal: controller.signal,
    logger: createLogger({ level: "debug", output, colored: false, json: true }),
    onBatch(_, batch) {
      events += batch.row.events;
      if (batch.next > next) next = batch.next;
    },
  });
  ended.catch(() => {});
  onTestFinished(async () => {
    controller.abort();
    await ended.catch(() => {});
  });
  return {
    ended,
    log: () => log,
    get events() {
      return events;
    },
    get next() {
      return next;
    },
    async stop() {
      controller.abort();
      return ended;
    },
  };
}

/** How to reach, by HTTP and as its writer, the store that a process offers in a folder. */
export function endpointOf(data: string): { url: string; password: string } {
  const { url, users } = JSON.parse(readFileSync(join(data, "endpoint.json"), "utf8")) as {
    url: string;
    users: { writer: string };
  };
  return { url, password: users.writer };
}

export function writeYaml(data: string, yaml: string): string {
  const path = `${data}.process.yaml`;
  writeFileSync(path, yaml);
  return path;
}
