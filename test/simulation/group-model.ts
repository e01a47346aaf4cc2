import type {
  GroupOptions,
  KafkajsBroker,
  KafkajsConsumerGroup,
  TopicOffsets,
} from "../../processors/kafka/kafkajs-seam.ts";
import type { Actor, Network } from "./network.ts";
import { Service } from "./network.ts";

interface Member {
  lastSeenMs: number;
  /** Answers the join that it waits in. */
  joined: ((assignment: Assignment) => void) | null;
}

interface Assignment {
  readonly memberId: string;
  readonly generation: number;
  readonly partitions: readonly number[];
}

/** What Kafka answers, as kafkajs shows it. */
class ProtocolError extends Error {
  readonly type: string;
  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

export interface StoredCommit {
  readonly offset: string;
  readonly metadata: string;
}

/**
 * A group's coordinator: members that are heard of, generations, and commits that count only from a member of the
 * present generation. It goes on dividing while commits still come, as Kafka does. Its memory survives its restarts.
 */
export class GroupModel {
  readonly #network: Network;
  readonly service: Service;
  readonly topic: string;
  readonly #partitions: number;
  readonly #sessionMs: number;
  readonly #rebalanceMs: number;
  readonly commits = new Map<number, StoredCommit>();
  readonly #members = new Map<string, Member>();
  #generation = 0;
  #dividingUntilMs: number | null = null;
  #names = 0;

  constructor(network: Network, topic: string, partitions: number, sessionMs: number, rebalanceMs: number) {
    this.#network = network;
    this.service = new Service("broker");
    this.topic = topic;
    this.#partitions = partitions;
    this.#sessionMs = sessionMs;
    this.#rebalanceMs = rebalanceMs;
    this.#watch();
  }

  #watch(): void {
    const { scheduler } = this.#network;
    scheduler.in(500, () => {
      // A coordinator that is down sees nobody: what it missed is not held against them.
      if (scheduler.nowMs < this.service.downUntilMs)
        for (const m of this.#members.values()) m.lastSeenMs = scheduler.nowMs;
      for (const [name, member] of this.#members)
        if (scheduler.nowMs - member.lastSeenMs > this.#sessionMs && (member.joined === null || !this.#isDividing))
          this.#remove(name, "was silent");
      if (this.#dividingUntilMs !== null && scheduler.nowMs >= this.#dividingUntilMs) this.#divide();
      this.#watch();
    });
  }

  get #isDividing(): boolean {
    return this.#dividingUntilMs !== null;
  }

  #remove(name: string, why: string): void {
    if (!this.#members.delete(name)) return;
    this.#network.trace?.(`the group removes ${name}: it ${why}`);
    this.#beginDividing();
  }

  #beginDividing(): void {
    if (this.#members.size === 0) {
      this.#dividingUntilMs = null;
      return;
    }
    if (this.#dividingUntilMs === null) {
      this.#network.count("rebalance");
      this.#dividingUntilMs = this.#network.scheduler.nowMs + this.#rebalanceMs;
    }
    if ([...this.#members.values()].every(({ joined }) => joined !== null)) this.#divide();
  }

  #divide(): void {
    const { scheduler, trace } = this.#network;
    this.#dividingUntilMs = null;
    for (const [name, { joined }] of this.#members) if (joined === null) this.#members.delete(name);
    this.#generation++;
    const names = [...this.#members.keys()].sort();
    trace?.(`generation ${this.#generation}: ${names.join(", ")}`);
    for (const [i, name] of names.entries()) {
      const member = this.#members.get(name)!;
      const partitions = Array.from({ length: this.#partitions }, (_, p) => p).filter((p) => p % names.length === i);
      member.lastSeenMs = scheduler.nowMs;
      const { joined } = member;
      member.joined = null;
      joined!({ memberId: name, generation: this.#generation, partitions });
    }
  }

  #join(name: string | null, reply: (assignment: Assignment) => void, refuse: (error: unknown) => void): void {
    if (name !== null && !this.#members.has(name)) {
      refuse(new ProtocolError("UNKNOWN_MEMBER_ID"));
      return;
    }
    const member = name ?? `member-${++this.#names}`;
    this.#members.set(member, { lastSeenMs: this.#network.scheduler.nowMs, joined: reply });
    this.#beginDividing();
  }

  #check(name: string, generation: number): Member {
    const member = this.#members.get(name);
    if (member === undefined) throw new ProtocolError("UNKNOWN_MEMBER_ID");
    if (generation !== this.#generation) throw new ProtocolError("ILLEGAL_GENERATION");
    member.lastSeenMs = this.#network.scheduler.nowMs;
    return member;
  }

  /** Goes down for a while, with what was under way. */
  kill(ms: number): void {
    this.service.life++;
    this.service.downUntilMs = Math.max(this.service.downUntilMs, this.#network.scheduler.nowMs + ms);
  }

  /** What a process has in the place of kafkajs. `insists`: a commit without an answer is sent again, as it stands. */
  openGroup(actor: Actor, { onHeartbeat }: Pick<GroupOptions, "onHeartbeat">, insists: boolean): KafkajsConsumerGroup {
    const network = this.#network;
    const ask = <T>(what: string, run: () => T, isRead = true): Promise<T> =>
      network.send<T>(actor, {
        service: this.service,
        what,
        timeoutMs: 1500,
        unanswered: (why) => new Error(why),
        isRead,
        apply(reply, refuse) {
          try {
            reply(run());
          } catch (error) {
            refuse(error);
          }
        },
      });
    const commit: KafkajsBroker["offsetCommit"] = async ({ groupGenerationId, memberId, topics }) => {
      const [{ partition, offset, metadata }] = topics[0].partitions;
      const what = `commit ${partition} ${offset} ${metadata}`;
      const send = () =>
        ask(
          what,
          () => {
            this.#check(memberId, groupGenerationId);
            this.commits.set(partition, { offset: offset!, metadata: metadata ?? "" });
          },
          false,
        );
      for (;;) {
        try {
          return await send();
        } catch (error) {
          if (!insists || error instanceof ProtocolError) throw error;
        }
      }
    };
    const coordinator = {
      offsetCommit: commit,
      offsetFetch: ({ topics }: { topics: readonly TopicOffsets[] }) =>
        ask("read the commit", () => {
          const { partition } = topics[0].partitions[0];
          const { offset, metadata } = this.commits.get(partition) ?? { offset: "-1", metadata: null };
          return { responses: [{ topic: this.topic, partitions: [{ partition, offset, metadata }] }] };
        }),
    } as unknown as KafkajsBroker;
    let partitions: readonly number[] = [];
    const group: KafkajsConsumerGroup = {
      coordinator,
      generationId: -1,
      memberId: null,
      async connect() {},
      joinAndSync: async () => {
        for (let attempt = 0; ; attempt++) {
          try {
            const assigned = await network.send<Assignment>(actor, {
              service: this.service,
              what: `join as ${group.memberId}`,
              timeoutMs: this.#rebalanceMs + 3000,
              unanswered: (why) => new Error(why),
              isRead: true,
              apply: (reply, refuse) => this.#join(group.memberId, reply, refuse),
            });
            group.memberId = assigned.memberId;
            group.generationId = assigned.generation;
            partitions = assigned.partitions;
            return;
          } catch (error) {
            if ((error as ProtocolError).type === "UNKNOWN_MEMBER_ID") group.memberId = null;
            if (attempt === 4) throw error;
            await actor.sleep(200);
          }
        }
      },
      async heartbeat() {
        await ask("heartbeat", () => {
          const isDividing = groupIsDividing();
          thisCheck();
          if (isDividing) throw new ProtocolError("REBALANCE_IN_PROGRESS");
        });
        onHeartbeat();
      },
      leave: async () => {
        const { memberId } = group;
        if (memberId !== null) await ask("leave", () => this.#remove(memberId, "left"));
      },
      assigned: () => [{ topic: this.topic, partitions }],
      checkForStaleAssignment() {},
    };
    const groupIsDividing = () => this.#isDividing;
    const thisCheck = () => this.#check(group.memberId ?? "", group.generationId);
    return group;
  }
}
