import type { Store } from "../../processors/clickhouse/store.ts";
import type { KafkaClient } from "../../processors/kafka/client.ts";
import type { Fetcher } from "../../processors/kafka/fetcher.ts";
import { createMembership } from "../../processors/kafka/membership.ts";
import { WeirError } from "../../processors/model/errors.ts";
import type { Clock } from "../../processors/model/ports.ts";
import type { Config } from "../../processors/runtime/config.ts";
import type { Logger } from "../../processors/runtime/logger.ts";
import { TopicGroup } from "../../processors/services/process-topics.ts";
import type { GroupModel } from "./group-model.ts";
import { openLane, type PartitionLog } from "./log-model.ts";
import type { Mutant } from "./mutants.ts";
import { Actor, type Network } from "./network.ts";
import type { StoreModel } from "./store-model.ts";
import { createStubPipeline } from "./stub-pipeline.ts";

export const SESSION_MS = 6000;
export const REBALANCE_MS = 8000;

export interface ProcessorOptions {
  readonly name: string;
  readonly version: string;
  readonly network: Network;
  readonly store: StoreModel;
  readonly group: GroupModel;
  readonly logs: readonly PartitionLog[];
  readonly recordsMax: number;
  readonly mutant: Mutant | null;
  readonly onDeath: () => void;
  readonly onStopped: (partition: number, code: string) => void;
}

/** A processor of the group: the program from its joining loop down, its ports in the simulated world. */
export interface Processor {
  readonly actor: Actor;
  readonly version: string;
  /** Ends it as a signal does. */
  stop(): void;
}

export function startProcessor(options: ProcessorOptions): Processor {
  const { name, version, network, group, logs, mutant, recordsMax } = options;
  const actor = new Actor(name, network, options.onDeath);
  const controller = new AbortController();
  const clock: Clock = {
    nowUs: () => (network.scheduler.nowMs + actor.clockAheadMs) * 1000,
    monotonicMs: () => actor.monotonicMs(),
    sleep: (ms) => actor.sleep(ms),
  };
  const lastCommitted = new Map<number, string | null>();
  const port = options.store.portFor(actor);
  const store =
    mutant?.store?.(port, {
      name,
      committed: (partition) => lastCommitted.get(partition) ?? null,
      chance: network.random,
    }) ?? port;
  const client = {
    cluster: {
      findGroupCoordinator: async () => opened?.coordinator ?? null,
      refreshMetadataIfNecessary: async () => {},
    },
    logger: {},
    range: (_: string, partition: number) =>
      network.send(actor, {
        service: group.service,
        what: `ask for the range of ${partition}`,
        timeoutMs: 1500,
        unanswered: (why) => new WeirError("KAFKA_UNREACHABLE", `Kafka did not answer: ${why}.`),
        isRead: true,
        apply(reply) {
          const { begin, end, staleEnd } = logs[partition];
          const shown = mutant?.resets === true ? 0 : begin;
          reply({ begin: BigInt(shown), end: BigInt(staleEnd ?? end) });
        },
      }),
    hasTopic: async () => true,
    topicId: async () => null,
    forgetTopic() {},
  } as unknown as KafkaClient;
  let opened: ReturnType<GroupModel["openGroup"]> | null = null;
  const membership = createMembership({
    client,
    group: "g",
    topics: [group.topic],
    clock: mutant?.hasNoLease === true ? { ...clock, monotonicMs: () => 0 } : clock,
    sessionMs: SESSION_MS,
    rebalanceMs: REBALANCE_MS,
    openGroup(of) {
      opened = group.openGroup(actor, of, mutant?.insists === true);
      const { coordinator } = opened;
      const { offsetCommit, offsetFetch } = coordinator;
      coordinator.offsetCommit = (request) => {
        const [{ partition, offset, metadata }] = request.topics[0].partitions;
        const commit = { offset: offset!, metadata: metadata ?? "" };
        const changed = mutant?.commit?.(commit, partition) ?? commit;
        return offsetCommit({ ...request, topics: [{ topic: group.topic, partitions: [{ partition, ...changed }] }] });
      };
      coordinator.offsetFetch = async (request) => {
        const answer = await offsetFetch(request);
        const [{ partition, offset }] = answer.responses[0].partitions;
        lastCommitted.set(partition, offset === "-1" ? null : offset);
        return answer;
      };
      return opened;
    },
  });
  const fetcher: Fetcher = {
    open: (topic, partition) =>
      openLane({
        network,
        actor,
        broker: group.service,
        log: logs[partition],
        topic,
        resets: mutant?.resets === true,
      }),
    async close() {},
  };
  const members = new TopicGroup(
    {
      config: configOf(recordsMax),
      clock,
      signal: controller.signal,
      logger: loggerTo((level, fields, message) => {
        network.trace?.(
          `${name} says: ${message} ${JSON.stringify(fields, (_, v) => (typeof v === "bigint" ? String(v) : v))}`,
        );
        if (level === "error" && "partition" in fields)
          options.onStopped(Number(fields["partition"]), String(fields["code"]));
      }),
    },
    {
      room: {
        store: store as Store,
        version,
        observer: null,
        refresh: async () => ({ version, lookups: undefined }),
        pipelineFor: () => createStubPipeline(version),
      },
      client,
      fetcher,
      membership,
    },
  );
  const source = { name: "s", topic: group.topic, format: "text", tenant: "t", service: "s", timezone: "UTC" };
  members
    .run([source as unknown as Config["sources"][number]])
    .then(() => membership.leave())
    .then(() => actor.die("as it was told to end"))
    .catch((error: unknown) => {
      // What ends a program is started again by whoever looks after it.
      network.trace?.(`${name} failed: ${error instanceof Error ? error.stack : String(error)}`);
      actor.die("of an error");
    });
  return { actor, version, stop: () => controller.abort() };
}

function configOf(recordsMax: number): Config {
  return {
    sources: [],
    batch: { recordsMax, bytesMax: 1 << 20, recordBytesMax: 1000 },
    breaker: { consecutive: 1e9, ratio: 1 },
  } as unknown as Config;
}

function loggerTo(say: (level: string, fields: Record<string, unknown>, message: string) => void): Logger {
  const at = (level: string) => (fields: Record<string, unknown>, message: string) => say(level, fields, message);
  return { debug() {}, info: at("info"), warn: at("warn"), error: at("error") } as unknown as Logger;
}
