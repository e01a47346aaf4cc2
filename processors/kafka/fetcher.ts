import { WeirError } from "../model/errors.ts";
import type { KafkaClient } from "./client.ts";
import { type FetchedPartition, readFetchResponse } from "./fetch-response.ts";
import { toKafkaError } from "./kafka-error.ts";
import { fetchRaw } from "./kafkajs-seam.ts";
import { DamagedBatch, isAbortMarker, type KafkaBatch, splitBatches } from "./record-batch.ts";

/** A record batch of a partition; without one, a stretch of offsets that hold no records for us. */
export interface FetchedBatch {
  readonly batch: KafkaBatch | null;
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  readonly bytes: number;
}

/** One partition as the fetcher fills it: batches in the order of their offsets, from where `seek` said. */
export interface Lane {
  /** What is fetched from now on begins here. */
  seek(offset: bigint): void;
  /** The next batch that is here already; null when there is none. Throws what stopped the lane. */
  take(): FetchedBatch | null;
  /** How much of the log is known to come after what was fetched; null before the first answer. */
  readonly lag: bigint | null;
  /** Waits until there is a batch or an error; false: a fetch that began after this call found nothing. */
  arrived(): Promise<boolean>;
  close(): void;
}

export interface Fetcher {
  /** A lane fetches only after its first `seek`. It fails when the topic turns out to have another id than the given one. */
  open(topic: string, partition: number, topicId?: string | null): Lane;
  close(): Promise<void>;
}

export interface FetcherOptions {
  readonly waitMsMax: number;
  readonly partitionBytesMax: number;
  readonly sleep: (ms: number) => Promise<void>;
}

const FETCH_DEFAULTS = { waitMsMax: 250, partitionBytesMax: 1 << 20 };
const RESPONSE_BYTES_MAX = 32 << 20;
/** A lane that holds so many fetches waits until somebody takes. */
const FETCHES_HELD = 2;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 2000;
/** So often in a row must brokers say that a topic is not there: one that has just started does not know yet. */
const MISSING_MAX = 5;

const OFFSET_OUT_OF_RANGE = 1;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const TOPIC_AUTHORIZATION_FAILED = 29;

interface LaneState {
  readonly topic: string;
  readonly partition: number;
  readonly batches: FetchedBatch[];
  bytes: number;
  /** Where the next fetch begins; null: not yet told. */
  next: bigint | null;
  /** Rises with every seek: an answer to what was asked before it is thrown away. */
  generation: number;
  lag: bigint | null;
  failure: WeirError | null;
  missing: number;
  readonly topicId: string | null;
  /** Something went wrong since the topic was last looked at: it may be another one. */
  isDoubtful: boolean;
  isFetching: boolean;
  /** Those that wait, with whether a fetch has begun since. */
  waiters: { begun: boolean; resolve: (found: boolean) => void; reject: (error: WeirError) => void }[];
}

/**
 * Fetches for all partitions of this process: one request per broker at a time, for every lane that has room. A lane that
 * nobody takes from is not fetched for, which is how a slow store holds the reading back without holding up the others.
 */
export function createFetcher(client: KafkaClient, options: Partial<FetcherOptions> = {}): Fetcher {
  const { waitMsMax, partitionBytesMax } = { ...FETCH_DEFAULTS, ...options };
  const sleep = options.sleep ?? ((ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
  const lanes = new Set<LaneState>();
  const busy = new Map<number, Promise<void>>();
  let isClosed = false;
  let backoffMs = 0;
  let looking: Promise<void> | null = null;

  const hasRoom = (lane: LaneState) =>
    lane.next !== null &&
    lane.failure === null &&
    !lane.isFetching &&
    (lane.batches.length === 0 || lane.bytes < FETCHES_HELD * partitionBytesMax);

  function pump(): void {
    if (isClosed) return;
    const wanted = new Map<number, LaneState[]>();
    let isLeaderMissing = false;
    for (const lane of lanes) {
      if (!hasRoom(lane)) continue;
      const leader = leaderOf(lane);
      if (leader === null) isLeaderMissing = true;
      else if (!busy.has(leader)) wanted.set(leader, [...(wanted.get(leader) ?? []), lane]);
    }
    for (const [leader, asked] of wanted) {
      const fetching = fetchFrom(leader, asked).finally(() => {
        busy.delete(leader);
        pump();
      });
      busy.set(leader, fetching);
    }
    if (isLeaderMissing) void lookForLeaders();
  }

  function leaderOf(lane: LaneState): number | null {
    try {
      return client.leaderOf(lane.topic, lane.partition);
    } catch {
      return null;
    }
  }

  /** Asks for the cluster's state after a pause; one at a time. */
  function lookForLeaders(): Promise<void> {
    looking ??= (async () => {
      backoffMs = Math.min(BACKOFF_MS_MAX, Math.max(BACKOFF_MS_MIN, backoffMs * 2));
      await sleep(backoffMs);
      if (!isClosed) await findMissingTopics();
      if (!isClosed) await client.cluster.refreshMetadata().catch(() => {});
    })().finally(() => {
      looking = null;
      pump();
    });
    return looking;
  }

  async function findMissingTopics(): Promise<void> {
    const doubtful = [...lanes].filter(
      (lane) => lane.failure === null && (lane.isDoubtful || lane.missing > 0 || leaderOf(lane) === null),
    );
    for (const topic of new Set(doubtful.map((lane) => lane.topic))) {
      const there = await client.hasTopic(topic).catch(() => null);
      if (there === null) continue;
      const id = there ? await client.topicId(topic).catch(() => undefined) : null;
      for (const lane of doubtful.filter((candidate) => candidate.topic === topic)) {
        if (id !== undefined) lane.isDoubtful = !there;
        if (lane.topicId !== null && typeof id === "string" && lane.topicId !== id) {
          fail(
            lane,
            new WeirError(
              "SOURCE_REPLACED",
              `The topic ${topic} was deleted and made anew while it was read; give the new one another name.`,
            ),
          );
          continue;
        }
        lane.missing = there ? 0 : lane.missing + 1;
        if (lane.missing < MISSING_MAX) continue;
        client.forgetTopic(topic);
        fail(
          lane,
          new WeirError("SOURCE_NOT_FOUND", `The topic ${topic} is gone; create it again or remove its source.`),
        );
      }
    }
  }

  async function fetchFrom(leader: number, asked: readonly LaneState[]): Promise<void> {
    const generations = new Map(asked.map((lane) => [lane, lane.generation]));
    for (const lane of asked) {
      lane.isFetching = true;
      for (const waiter of lane.waiters) waiter.begun = true;
    }
    const topics = [...Map.groupBy(shuffled(asked), ({ topic }) => topic)].map(([topic, of]) => ({
      topic,
      partitions: of.map(({ partition, next }) => ({
        partition,
        fetchOffset: String(next),
        maxBytes: partitionBytesMax,
      })),
    }));
    try {
      const broker = await client.cluster.findBroker({ nodeId: leader });
      const payload = await fetchRaw(broker, {
        maxWaitTime: waitMsMax,
        minBytes: 1,
        maxBytes: RESPONSE_BYTES_MAX,
        topics,
      });
      const { errorCode, partitions } = readFetchResponse(payload);
      if (errorCode !== 0) throw new Error(`the fetch failed with error ${errorCode}`);
      for (const lane of asked) lane.isFetching = false;
      let isStale = false;
      for (const fetched of partitions) {
        const lane = asked.find(({ topic, partition }) => topic === fetched.topic && partition === fetched.partition);
        if (lane === undefined || lane.generation !== generations.get(lane)) continue;
        if (!accept(lane, fetched)) isStale = true;
      }
      if (isStale) await lookForLeaders();
      else backoffMs = 0;
    } catch (error) {
      for (const lane of asked) lane.isFetching = false;
      const failure = toKafkaError(error, "fetching");
      if (failure.code === "KAFKA_REFUSED") for (const lane of asked) fail(lane, failure);
      else {
        for (const lane of asked) lane.isDoubtful = true;
        await lookForLeaders();
      }
    }
  }

  /** Takes what was fetched into the lane; false: the cluster changed, ask again. */
  function accept(lane: LaneState, fetched: FetchedPartition): boolean {
    const place = `${lane.topic}/${lane.partition}`;
    switch (fetched.errorCode) {
      case 0:
        break;
      case OFFSET_OUT_OF_RANGE:
        fail(
          lane,
          new WeirError(
            "SOURCE_TRUNCATED",
            `The partition ${place} has no offset ${lane.next} (any more): it was truncated, recreated, or its retention was shorter than the lag; decide where to go on.`,
          ),
        );
        return true;
      case TOPIC_AUTHORIZATION_FAILED:
        fail(
          lane,
          new WeirError(
            "KAFKA_REFUSED",
            `Kafka refused reading ${lane.topic}; allow the account of kafka.sasl to read it.`,
          ),
        );
        return true;
      default:
        lane.isDoubtful = true;
        if (fetched.errorCode === UNKNOWN_TOPIC_OR_PARTITION) lane.missing++;
        return false;
    }
    lane.missing = 0;
    try {
      for (const found of readable(splitBatches(fetched.bytes), fetched.aborted)) {
        if (found.lastOffset < lane.next!) continue;
        lane.batches.push(found);
        lane.bytes += found.bytes;
        lane.next = found.lastOffset + 1n;
      }
    } catch (error) {
      if (!(error instanceof DamagedBatch)) throw error;
      fail(
        lane,
        new WeirError("SOURCE_CORRUPT", `The partition ${place} can't be read at ${lane.next}: ${error.message}.`),
      );
      return true;
    }
    const lag = fetched.lastStableOffset - lane.next!;
    lane.lag = lag > 0n ? lag : 0n;
    wake(lane);
    return true;
  }

  function wake(lane: LaneState): void {
    const isThere = lane.batches.length > 0;
    const woken = lane.waiters.filter(({ begun }) => isThere || begun);
    lane.waiters = lane.waiters.filter((waiter) => !woken.includes(waiter));
    for (const { resolve } of woken) resolve(isThere);
  }

  function fail(lane: LaneState, error: WeirError): void {
    lane.failure = error;
    for (const { reject } of lane.waiters) reject(error);
    lane.waiters = [];
  }

  return {
    open(topic, partition, topicId = null) {
      const lane: LaneState = {
        topic,
        partition,
        batches: [],
        bytes: 0,
        next: null,
        generation: 0,
        lag: null,
        failure: null,
        missing: 0,
        topicId,
        isDoubtful: false,
        isFetching: false,
        waiters: [],
      };
      lanes.add(lane);
      return asLane(lane, hasRoom, pump, () => {
        lanes.delete(lane);
        fail(lane, new WeirError("KAFKA_FENCED", `The partition ${topic}/${partition} is not read any more.`));
      });
    },
    async close() {
      isClosed = true;
      await Promise.allSettled([...busy.values(), looking]);
    },
  };
}

function asLane(lane: LaneState, hasRoom: (lane: LaneState) => boolean, pump: () => void, close: () => void): Lane {
  return {
    seek(offset) {
      lane.next = offset;
      lane.batches.length = 0;
      lane.bytes = 0;
      lane.lag = null;
      lane.generation++;
      lane.isFetching = false;
      pump();
    },
    take() {
      const first = lane.batches.shift();
      if (first === undefined) {
        if (lane.failure !== null) throw lane.failure;
        return null;
      }
      lane.bytes -= first.bytes;
      if (hasRoom(lane)) pump();
      return first;
    },
    get lag() {
      return lane.lag;
    },
    arrived() {
      if (lane.batches.length > 0) return Promise.resolve(true);
      if (lane.failure !== null) return Promise.reject(lane.failure);
      return new Promise((resolve, reject) => {
        lane.waiters.push({ begun: false, resolve, reject });
        pump();
      });
    },
    close,
  };
}

/** Batches with what must not be seen taken out: markers, and records of transactions that were given up. */
function* readable(batches: readonly KafkaBatch[], aborted: FetchedPartition["aborted"]): Generator<FetchedBatch> {
  const coming = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const producers = new Set<bigint>();
  for (const batch of batches) {
    while (coming.length > 0 && coming[0].firstOffset <= batch.lastOffset) producers.add(coming.shift()!.producerId);
    const isAborted = batch.isTransactional && producers.has(batch.producerId);
    if (batch.isControl && isAbortMarker(batch)) producers.delete(batch.producerId);
    const { baseOffset, lastOffset } = batch;
    const isRead = !batch.isControl && !isAborted && batch.count > 0;
    yield { batch: isRead ? batch : null, baseOffset, lastOffset, bytes: isRead ? batch.records.length : 0 };
  }
}

/** A broker fills its answer in the order of the question: no partition may always come last. */
function shuffled<T>(items: readonly T[]): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(Math.random() * rest.length), 1)[0]);
}
