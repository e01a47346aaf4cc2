import { WeirError } from "../model/errors.ts";
import type { Clock, Commit, Partition } from "../model/ports.ts";
import type { KafkaClient } from "./client.ts";
import { errorType, toKafkaError } from "./kafka-error.ts";
import { createConsumerGroup, type GroupOptions, type KafkajsConsumerGroup } from "./kafkajs-seam.ts";

export interface MembershipOptions {
  readonly client: KafkaClient;
  readonly group: string;
  readonly topics: readonly string[];
  readonly clock: Clock;
  /** Without a heartbeat for so long the group gives the partitions to others. */
  readonly sessionMs: number;
  /** So long may everybody take to finish the batch in hand when the group is divided anew. */
  readonly rebalanceMs: number;
  /** Makes what speaks to the group's coordinator; kafkajs unless given. */
  readonly openGroup?: (options: GroupOptions) => KafkajsConsumerGroup;
}

/** Why a stay in the group ended. */
export type EndReason =
  /** The group is being divided anew: finish what is in hand and come back. */
  | "rebalance"
  /** What was sent last may have arrived or not, or the group has gone on without us: only a new member is safe. */
  | "fenced"
  /** Somebody else's fault, for good: Kafka refuses. */
  | "refused"
  | "left";

/**
 * One stay in a group, from an assignment to the next: an epoch. Its partitions are ours while the lease holds, which is
 * counted from when the last answered heartbeat was *sent*: the group counts from when it arrived, which is later.
 */
export interface Epoch {
  readonly number: number;
  /** What the group calls us. */
  readonly memberId: string;
  readonly partitions: readonly Partition[];
  /** Aborted as soon as the stay is over. */
  readonly ended: AbortSignal;
  readonly endReason: EndReason | null;
  readonly failure: WeirError | null;
  /** Throws KAFKA_FENCED when the partitions may be somebody else's by now. */
  assertHeld(): void;
  committed(partition: Partition): Promise<Commit | null>;
  /**
   * Throws KAFKA_FENCED when the group refuses, KAFKA_COMMIT_UNKNOWN when there was no answer; either ends the epoch.
   */
  commit(partition: Partition, commit: Commit): Promise<void>;
}

export interface Membership {
  /** Waits for an assignment: as the same member after a rebalance, as a new one otherwise. */
  join(): Promise<Epoch>;
  leave(): Promise<void>;
}

/** Answers that say: not done, and you are not (or not now) who may do it. */
const FENCED = new Set(["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID", "REBALANCE_IN_PROGRESS"]);
/** Answers that say: not done, because the group has moved or is being loaded. */
const MOVED = new Set([
  "NOT_COORDINATOR_FOR_GROUP",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "COORDINATOR_LOAD_IN_PROGRESS",
]);
const HEARTBEATS_PER_SESSION = 6;
/** Part of the session after which nothing is written any more without a heartbeat. */
const LEASE_PART = 2 / 3;
const METADATA_MS = 30_000;
const JOIN_ATTEMPTS_MAX = 40;
const JOIN_PAUSE_MS = 250;

/** A member of a consumer group that joins again and again. Heartbeats are its own: they do not wait for batches. */
export function createMembership(options: MembershipOptions): Membership {
  const { client, group: groupId, openGroup = createConsumerGroup } = options;
  let group: KafkajsConsumerGroup | null = null;
  let epoch: RunningEpoch | null = null;
  let epochs = 0;
  let heartbeats = 0;

  async function leaveGroup(): Promise<void> {
    const leaving = group;
    group = null;
    // Whether the group hears of it or not: the name is not used again.
    await leaving?.leave().catch(() => {});
  }

  return {
    async join() {
      if (epoch?.endReason !== "rebalance") await leaveGroup();
      group ??= openGroup({
        cluster: client.cluster,
        logger: client.logger,
        groupId,
        topics: options.topics,
        sessionTimeout: options.sessionMs,
        rebalanceTimeout: options.rebalanceMs,
        onHeartbeat() {
          heartbeats++;
        },
      });
      const joined = group;
      try {
        await joined.connect();
        const sentMs = options.clock.monotonicMs();
        await joinPatiently(joined, options.clock);
        // The group waits for others after it heard of us; but it counts the session from its own answer.
        epoch = new RunningEpoch(++epochs, joined, options, Math.max(sentMs, options.clock.monotonicMs() - 1000));
      } catch (error) {
        await leaveGroup();
        throw toKafkaError(error, `joining the group ${groupId}`);
      }
      void epoch.keepAlive(async () => {
        const before = heartbeats;
        await joined.heartbeat({ interval: Number.NEGATIVE_INFINITY });
        return heartbeats > before;
      });
      return epoch;
    },
    async leave() {
      epoch?.end("left", null);
      await leaveGroup();
    },
  };
}

/** A coordinator that has just begun, or just become one, says so for a moment. */
async function joinPatiently(group: KafkajsConsumerGroup, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await group.joinAndSync();
      return;
    } catch (error) {
      if (!MOVED.has(errorType(error)) || attempt === JOIN_ATTEMPTS_MAX) throw error;
      await clock.sleep(JOIN_PAUSE_MS);
    }
  }
}

class RunningEpoch implements Epoch {
  readonly number: number;
  readonly partitions: readonly Partition[];
  readonly #group: KafkajsConsumerGroup;
  readonly #options: MembershipOptions;
  /** What the group knew us by when this epoch began: a late commit must not pass as one of a later epoch. */
  readonly #generationId: number;
  readonly memberId: string;
  readonly #controller = new AbortController();
  #heldFromMs: number;
  endReason: EndReason | null = null;
  failure: WeirError | null = null;

  constructor(number: number, group: KafkajsConsumerGroup, options: MembershipOptions, heldFromMs: number) {
    this.number = number;
    this.#group = group;
    this.#options = options;
    this.#generationId = group.generationId;
    this.memberId = group.memberId ?? "";
    this.#heldFromMs = heldFromMs;
    this.partitions = group
      .assigned()
      .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  }

  get ended(): AbortSignal {
    return this.#controller.signal;
  }

  end(reason: EndReason, failure: WeirError | null): void {
    if (this.endReason !== null) {
      // A stay that ends for a division may still turn out to be lost; never the other way round.
      if (this.endReason === "rebalance" && reason !== "rebalance") this.endReason = reason;
      return;
    }
    this.endReason = reason;
    this.failure = failure;
    this.#controller.abort(failure ?? undefined);
  }

  assertHeld(): void {
    const { clock, sessionMs, group } = this.#options;
    const silentMs = clock.monotonicMs() - this.#heldFromMs;
    if (this.endReason === "fenced" || this.endReason === "left" || silentMs > sessionMs * LEASE_PART) {
      const error = fenced(group, this.failure ?? `no heartbeat was answered for ${Math.round(silentMs)} ms`);
      this.end("fenced", error);
      throw error;
    }
  }

  /** Sends heartbeats until the epoch ends. `beat` says whether one was answered. */
  async keepAlive(beat: () => Promise<boolean>): Promise<void> {
    const { clock, client, sessionMs, group } = this.#options;
    let metadataMs = clock.monotonicMs();
    while (this.endReason === null || this.endReason === "rebalance") {
      const sentMs = clock.monotonicMs();
      try {
        if (await beat()) this.#heldFromMs = Math.max(this.#heldFromMs, sentMs);
        if (clock.monotonicMs() - metadataMs > METADATA_MS) {
          metadataMs = clock.monotonicMs();
          await client.cluster.refreshMetadataIfNecessary();
          this.#group.checkForStaleAssignment();
        }
      } catch (error) {
        await this.#onHeartbeatError(error);
      }
      // Once a division is under way the heartbeat only says so again; the join is what counts then.
      if (this.endReason === "rebalance") return;
      if (clock.monotonicMs() - this.#heldFromMs > sessionMs * LEASE_PART)
        this.end("fenced", fenced(group, "no heartbeat was answered"));
      await clock.sleep(sessionMs / HEARTBEATS_PER_SESSION);
    }
  }

  async #onHeartbeatError(error: unknown): Promise<void> {
    const { client, group } = this.#options;
    const type = errorType(error);
    const isStale = (error as { name?: string }).name === "KafkaJSStaleTopicMetadataAssignment";
    if (type === "REBALANCE_IN_PROGRESS" || isStale) this.end("rebalance", null);
    else if (FENCED.has(type)) this.end("fenced", fenced(group, type));
    else {
      const failure = toKafkaError(error, "the heartbeat");
      if (failure.code === "KAFKA_REFUSED") this.end("refused", failure);
      // Anything else may pass; whether it did in time is what the lease says. The coordinator may be another one now.
      const coordinator = await client.cluster.findGroupCoordinator({ groupId: group }).catch(() => null);
      if (coordinator !== null) this.#group.coordinator = coordinator;
    }
  }

  async committed({ topic, partition }: Partition): Promise<Commit | null> {
    const { group } = this.#options;
    try {
      const { responses } = await this.#group.coordinator.offsetFetch({
        groupId: group,
        topics: [{ topic, partitions: [{ partition }] }],
      });
      const { offset, metadata } = responses[0].partitions[0];
      return BigInt(offset) < 0n ? null : { offset: BigInt(offset), metadata: metadata ?? "" };
    } catch (error) {
      throw toKafkaError(error, `reading the commit of ${topic}/${partition}`);
    }
  }

  async commit({ topic, partition }: Partition, { offset, metadata }: Commit): Promise<void> {
    this.assertHeld();
    const { group } = this.#options;
    try {
      await this.#group.coordinator.offsetCommit({
        groupId: group,
        groupGenerationId: this.#generationId,
        memberId: this.memberId,
        topics: [{ topic, partitions: [{ partition, offset: String(offset), metadata }] }],
      });
    } catch (error) {
      throw this.#onCommitError(error, `${topic}/${partition}`);
    }
  }

  #onCommitError(cause: unknown, place: string): WeirError {
    const { group } = this.#options;
    const type = errorType(cause);
    if (FENCED.has(type) || MOVED.has(type)) {
      const error = fenced(group, type);
      // Refused for sure: after a division the same member may come back; otherwise a new one is made.
      this.end(type === "REBALANCE_IN_PROGRESS" ? "rebalance" : "fenced", error);
      return error;
    }
    const failure = toKafkaError(cause, `the commit of ${place}`);
    if (failure.code === "KAFKA_REFUSED" || /METADATA_TOO_LARGE|INVALID_COMMIT_OFFSET_SIZE/.test(type)) {
      return failure.code === "KAFKA_REFUSED"
        ? failure
        : new WeirError(
            "KAFKA_REFUSED",
            `Kafka refused the commit of ${place}: ${type}; raise offset.metadata.max.bytes.`,
          );
    }
    const error = new WeirError(
      "KAFKA_COMMIT_UNKNOWN",
      `Whether the commit of ${place} arrived is not known: ${failure.message}`,
      { cause },
    );
    this.end("fenced", error);
    return error;
  }
}

function fenced(group: string, why: string | WeirError): WeirError {
  const reason = typeof why === "string" ? why : why.message.replace(/[. ]+$/, "");
  return new WeirError("KAFKA_FENCED", `The partitions of the group ${group} may be somebody else's now: ${reason}.`);
}
