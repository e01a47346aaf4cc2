import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import kafkajs from "kafkajs";
import { WeirError } from "../../processors/model/errors.ts";
import { table } from "../../processors/runtime/table.ts";
import { kafkaJars, startKafkaBroker } from "../support/kafka-broker.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { type BenchCase, progress, report } from "./case.ts";
import { checkWeir } from "./check.ts";
import { type ChildRun, runWeir } from "./child.ts";
import { countInput, type Expected } from "./expected.ts";
import { type Input, inputFile, inputsFor } from "./inputs.ts";
import type { Scratch } from "./scratch.ts";
import { median, rounded } from "./statistics.ts";

const { CompressionTypes } = kafkajs;
const RUNS = 3;
const EVENTS = 2_000_000;
const PARTITIONS = 8;
/** Records of one request to the broker: what a producer under load gathers. */
const RECORDS_PER_REQUEST = 1000;
const CODECS = [
  { suffix: "", compression: CompressionTypes.None },
  { suffix: "-lz4", compression: CompressionTypes.LZ4 },
];
const FORMATS = { access: "combined", json: "json", logfmt: "logfmt" } as const;

/** One topic, processed once into an empty data directory. */
interface TopicRun extends ChildRun {
  /** From the partitions' assignment to the last batch. */
  readonly processSeconds: number;
  /** Of the same time, per million events. */
  readonly processCpu: number;
  readonly problems: readonly string[];
}

/** From a topic to stored, checked rows with `weir process`. */
export const KAFKA: BenchCase = {
  name: "kafka",
  about: `topic of ${PARTITIONS} partitions to stored rows with \`weir process\`; starts a broker`,
  async run(options, scratch) {
    const broker = await brokerFor(scratch);
    try {
      const topics = await openTopics(broker.address);
      let isGood = true;
      try {
        for (const input of inputsFor(options)) {
          if (input.kind === "logfmt" && options.only.length === 0) continue;
          const file = inputFile(input, options.events ?? EVENTS, options, scratch);
          const expected = countInput(file, input);
          for (const codec of CODECS) {
            const topic = await fill(topics, file, codec.compression);
            const part = { name: input.name + codec.suffix, input, topic, brokers: broker.address, expected };
            if (!(await measure(part, options.runs ?? RUNS, scratch))) isGood = false;
          }
        }
      } finally {
        await topics.close();
      }
      return isGood;
    } finally {
      await broker.stop();
    }
  },
};

/** The broker of KAFKA_BROKERS, otherwise one of its own. */
export async function brokerFor(scratch: Scratch): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const given = process.env["KAFKA_BROKERS"] ?? "";
  if (given !== "") return { address: given, stop: async () => {} };
  const jars = await kafkaJars();
  if (jars === null)
    throw new WeirError("USAGE", "There is no Kafka: set KAFKA_BROKERS, or install Java 17 and Maven.");
  const broker = await startKafkaBroker(jars, { dir: scratch.makeFolder("broker") });
  return { address: broker.address, stop: () => broker.stop({ force: true }) };
}

/** Puts a file's lines into a new topic: each partition gets every eighth request. */
async function fill(topics: KafkaTopics, file: string, compression: number): Promise<string> {
  const topic = await topics.make(PARTITIONS);
  const bytes = readFileSync(file);
  let values: Buffer[] = [];
  let requests = 0;
  const send = async () => {
    if (values.length > 0) await topics.send(topic, values, { partition: requests++ % PARTITIONS, compression });
    values = [];
  };
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    values.push(bytes.subarray(at, end));
    if (values.length === RECORDS_PER_REQUEST) await send();
    at = end + 1;
  }
  await send();
  return topic;
}

interface Part {
  readonly name: string;
  readonly input: Input;
  readonly topic: string;
  readonly brokers: string;
  readonly expected: Expected;
}

async function measure(part: Part, count: number, scratch: Scratch): Promise<boolean> {
  const { name, expected } = part;
  const runs: TopicRun[] = [];
  for (let i = 1; i <= count; i++) {
    const run = await processTopic(part, scratch);
    runs.push(run);
    const cpu = (run.cpuSeconds * 1e6) / expected.events;
    progress(
      `${name} ${i}/${count}: ${run.processSeconds.toFixed(2)} s; CPU s per million ${cpu.toFixed(2)}, processing ${run.processCpu.toFixed(2)}`,
    );
    for (const problem of run.problems) progress(`  WRONG: ${problem}`);
  }
  const summary = summaryOf(runs, expected);
  report(
    table(
      [summary],
      [
        { title: name, value: () => "weir process" },
        { title: "events/s", value: (row) => row.events_per_s },
        { title: "s", value: ({ seconds }) => seconds },
        { title: "events/s processing", value: (row) => row.events_per_s_process },
        { title: "CPU s/million", value: (row) => row.cpu_s_per_million },
        { title: "processing", value: (row) => row.cpu_s_per_million_process },
        { title: "peak MB", value: (row) => row.peak_rss_mb },
        { title: "right", value: ({ ok }) => (ok ? "yes" : "NO") },
      ],
    ),
    { case: `kafka/${name}`, events: expected.events, ...summary, runs: count },
  );
  return summary.ok;
}

function summaryOf(runs: readonly TopicRun[], { events }: Expected) {
  const rates = runs.map((run) => events / run.processSeconds);
  return {
    seconds: rounded(median(runs.map((run) => run.seconds))),
    seconds_process: rounded(median(runs.map((run) => run.processSeconds))),
    events_per_s: Math.round(median(runs.map((run) => events / run.seconds))),
    events_per_s_process: Math.round(median(rates)),
    cpu_s_per_million: rounded((median(runs.map((run) => run.cpuSeconds)) * 1e6) / events),
    cpu_s_per_million_process: rounded(median(runs.map((run) => run.processCpu))),
    peak_rss_mb: Math.round(median(runs.map((run) => run.peakRssMb))),
    ok: runs.every(({ problems }) => problems.length === 0),
    min: Math.round(Math.min(...rates)),
    max: Math.round(Math.max(...rates)),
  };
}

/** `weir process` as a new group, stopped when it has said that it stored the last record. */
async function processTopic(part: Part, scratch: Scratch): Promise<TopicRun> {
  const { input, topic, brokers, expected } = part;
  const cwd = scratch.makeFolder("process");
  const data = `${cwd}/data`;
  writeFileSync(
    `${cwd}/weir.yaml`,
    `kafka: {brokers: "${brokers}", group: ${randomUUID()}}
sources:
  - {name: bench, topic: ${topic}, format: ${FORMATS[input.kind]}}
`,
  );
  let records = 0;
  const assigned = { ms: Number.NaN, cpu: Number.NaN };
  const stored = { ms: Number.NaN, cpu: Number.NaN };
  const args = ["process", "--data", data, "--log-level", "debug", "--json"];
  const run = await runWeir(args, cwd, (line, { cpuSeconds, stop }) => {
    if (line.includes('"Partitions assigned."')) {
      assigned.ms = performance.now();
      assigned.cpu = cpuSeconds();
    }
    if (!line.includes('"Batch stored."')) return;
    records += (JSON.parse(line) as { records: number }).records;
    if (records < expected.lines) return;
    stored.ms = performance.now();
    stored.cpu = cpuSeconds();
    stop();
  });
  const problems = await checkWeir(data, cwd, input.kind, expected);
  rmSync(cwd, { recursive: true });
  return {
    ...run,
    processSeconds: (stored.ms - assigned.ms) / 1000,
    processCpu: ((stored.cpu - assigned.cpu) * 1e6) / records,
    problems,
  };
}
