import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { createCluster, createConsumerGroup, KAFKAJS_VERSION } from "../../processors/kafka/kafkajs-seam.ts";

const load = createRequire(import.meta.url);

/** What Weir uses of kafkajs below its public face. Another version may have it otherwise, without saying so. */
describe("kafkajs", () => {
  const { cluster, logger } = createCluster({
    brokers: ["127.0.0.1:1"],
    clientId: "weir",
    ssl: undefined,
    sasl: undefined,
    connectionTimeout: 100,
    requestTimeout: 100,
    onLog() {},
  });

  it("is the version that was read", () => {
    expect((load("kafkajs/package.json") as { version: string }).version).toBe(KAFKAJS_VERSION);
  });

  it.each([
    "connect",
    "disconnect",
    "addMultipleTargetTopics",
    "refreshMetadata",
    "refreshMetadataIfNecessary",
    "getNodeIds",
    "findBroker",
    "findGroupCoordinator",
    "findTopicPartitionMetadata",
  ] as const)("has a cluster that can %s", (name) => {
    expect(cluster[name]).toBeTypeOf("function");
  });

  it("has brokers that are asked for each thing that Weir asks for", () => {
    const { prototype } = load("kafkajs/src/broker") as { prototype: Record<string, unknown> };
    for (const name of ["metadata", "listOffsets", "offsetFetch", "offsetCommit", "disconnect"])
      expect(prototype[name], name).toBeTypeOf("function");
  });

  it("has a group's member that joins, beats and leaves", () => {
    const options = { groupId: "g", topics: ["t"], sessionTimeout: 1, rebalanceTimeout: 1, onHeartbeat() {} };
    const group = createConsumerGroup({ cluster, logger, ...options });
    for (const name of ["connect", "joinAndSync", "heartbeat", "leave", "assigned", "checkForStaleAssignment"] as const)
      expect(group[name], name).toBeTypeOf("function");
    expect(group.memberId).toBeNull();
    expect(cluster.targetTopics).toBeInstanceOf(Set);
  });

  it("sends a heartbeat whenever it is told that none need be waited for, and says when it was answered", async () => {
    let answered = 0;
    const options = { groupId: "g", topics: ["t"], sessionTimeout: 1, rebalanceTimeout: 1 };
    const group = createConsumerGroup({ cluster, logger, ...options, onHeartbeat: () => answered++ });
    let sent = 0;
    Object.assign(group, { memberId: "m", generationId: 1, coordinator: { heartbeat: async () => sent++ } });
    for (let i = 0; i < 3; i++) await group.heartbeat({ interval: Number.NEGATIVE_INFINITY });
    expect({ sent, answered }).toEqual({ sent: 3, answered: 3 });
  });

  it("asks fetch, version 11, in the form that Weir reads the answer of", async () => {
    const { requests } = load("kafkajs/src/protocol/requests") as {
      requests: { Fetch: { protocol(of: { version: number }): (fetch: object) => { request: object } } };
    };
    const topics = [{ topic: "t", partitions: [{ partition: 3, fetchOffset: "5", maxBytes: 100 }] }];
    const { request } = requests.Fetch.protocol({ version: 11 })({ maxWaitTime: 1, minBytes: 2, maxBytes: 3, topics });
    expect(request).toMatchObject({ apiKey: 1, apiVersion: 11, apiName: "Fetch" });
    const { buffer } = await (request as { encode(): Promise<{ buffer: Buffer }> }).encode();
    expect(buffer.toString("hex")).toBe(
      [
        "ffffffff 00000001 00000002 00000003 01 00000000 ffffffff", // replica, wait, min, max, committed, session
        "00000001 0001 74 00000001", // one topic, "t", one partition
        "00000003 ffffffff 0000000000000005 ffffffffffffffff 00000064", // partition, epoch, offset, start, max
        "00000000 0000", // nothing forgotten, no rack
      ]
        .join("")
        .replaceAll(" ", ""),
    );
  });

  it("no longer asks itself every millisecond whether something is pending", () => {
    const RequestQueue = load("kafkajs/src/network/requestQueue") as new (
      options: object,
    ) => {
      throttleCheckTimeoutId: unknown;
      scheduleCheckPendingRequests(): void;
      destroy(): void;
    };
    const queue = new RequestQueue({ requestTimeout: 100, logger, isConnected: () => true });
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.destroy();
  });
});
