import type { Commit, Partition } from "../model/ports.ts";
import type { KafkaClient } from "./client.ts";
import { toKafkaError } from "./kafka-error.ts";

/** A commit as Kafka has it, and the first offset of its partition. */
export interface GroupCommit extends Partition {
  readonly commit: Commit | null;
  readonly begin: bigint;
}

/** What a group has committed of topics, asked without being a member. */
export async function readGroupCommits(
  client: KafkaClient,
  group: string,
  topics: readonly string[],
): Promise<GroupCommit[]> {
  try {
    const coordinator = await client.cluster.findGroupCoordinator({ groupId: group });
    const wanted = topics.map((topic) => ({
      topic,
      partitions: client.partitionsOf(topic).map((partition) => ({ partition })),
    }));
    const { responses } = await coordinator.offsetFetch({ groupId: group, topics: wanted });
    const all = responses.flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...one })));
    return await Promise.all(
      all.map(async ({ topic, partition, offset, metadata }) => ({
        topic,
        partition,
        commit: BigInt(offset) < 0n ? null : { offset: BigInt(offset), metadata: metadata ?? "" },
        begin: (await client.range(topic, partition)).begin,
      })),
    );
  } catch (error) {
    throw toKafkaError(error, `reading the commits of the group ${group}`);
  }
}
