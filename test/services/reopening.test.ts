import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createPublisher } from "../../processors/journal/topic.ts";
import { type ErrorCode, WeirError } from "../../processors/model/errors.ts";
import type { Clock, Publisher } from "../../processors/model/ports.ts";
import { createLogger } from "../../processors/runtime/logger.ts";
import { close } from "../../processors/services/close.ts";
import { createClosing } from "../../processors/services/closing.ts";
import { notify } from "../../processors/services/notify.ts";
import type { Workplace } from "../../processors/services/workplace.ts";
import { configOf } from "../support/config-of.ts";
import { createFakeOutput } from "../support/fake-output.ts";
import { readWholeTopic } from "../support/read-whole-topic.ts";
import { type ClosingBench, openClosingBench } from "./closing-bench.ts";
import { expectConsumed } from "./consumer.ts";

/** 2026-03-02T12:00:00Z. */
const NOON = Date.UTC(2026, 2, 2, 12) * 1000;

/** A clock on which sleeping takes no time at all. */
function createSwiftClock(): Clock {
  let ms = 0;
  return {
    nowUs: () => NOON + ms * 1000,
    monotonicMs: () => ms,
    async sleep(forMs) {
      ms += forMs;
    },
  };
}

/** Runs work that publishes until it has begun without an error; returns when it was tried, in seconds, and what the log says. */
async function tryUntil(
  codes: readonly ErrorCode[],
  run: (options: {
    config: ReturnType<typeof configOf>;
    clock: Clock;
    signal: AbortSignal;
    logger: ReturnType<typeof createLogger>;
    publisher: () => Publisher;
  }) => Promise<unknown>,
): Promise<{ readonly seconds: number[]; readonly said: string[] }> {
  const directory = await mkdtemp(join(tmpdir(), "weir-test-"));
  const clock = createSwiftClock();
  const stop = new AbortController();
  const left = [...codes];
  const seconds: number[] = [];
  const publisher = (): Publisher => ({
    async begin() {
      seconds.push(clock.monotonicMs() / 1000);
      const code = left.shift();
      if (code !== undefined) throw new WeirError(code, "It is away.");
      stop.abort();
      return "";
    },
    async commit() {},
    async close() {},
  });
  const output = createFakeOutput();
  const logger = createLogger({ level: "info", output, colored: false, json: true });
  try {
    const config = { ...configOf(""), data: { directory } };
    await run({ config, clock, signal: stop.signal, logger, publisher });
    return { seconds, said: output.written.map((line) => String(JSON.parse(line).code)) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

const CODES = ["KAFKA_UNREACHABLE", "KAFKA_UNREACHABLE", "KAFKA_COMMIT_UNKNOWN", "CLOSE_FENCED"] as const;

describe.each([
  ["weir close", close],
  ["weir notify", notify],
] as const)("%s", (_, run) => {
  it("tries again, less and less often, while Kafka is away, and stands by when it was fenced", async () => {
    const { seconds, said } = await tryUntil(CODES, (options) => run({ ...options, once: false }));
    expect(seconds).toEqual([0, 1, 3, 7, 67]);
    expect(said).toEqual(["KAFKA_UNREACHABLE", "KAFKA_COMMIT_UNKNOWN", "CLOSE_FENCED"]);
  });

  it("ends with what no second attempt makes good, and with the first error when it is to run once", async () => {
    const over = (codes: readonly ErrorCode[], once: boolean) =>
      tryUntil(codes, (options) => run({ ...options, once }));
    await expect(over(["TOPIC_FOREIGN"], false)).rejects.toMatchObject({ code: "TOPIC_FOREIGN" });
    await expect(over(["KAFKA_UNREACHABLE"], true)).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE" });
  });
});

describe("who was fenced", () => {
  let bench: ClosingBench;
  afterEach(() => bench.end());

  it("stands by as long as the other one closes, and takes over when nothing has come of it for a minute", async () => {
    bench = await openClosingBench("rules: [{name: all_10s, window: 10s, group_by: [service_name]}]", NOON);
    const { workplace, clock } = bench;
    const retention = { ageUsMax: 1e15, bytesMax: 1e9 };
    let begun = 0;
    const publisher = (): Publisher => {
      const published = createPublisher(workplace.journal, "weir.windows", retention, clock.nowUs);
      return {
        ...published,
        begin() {
          begun++;
          return published.begin();
        },
      };
    };
    // As on machines that don't see each other's processes.
    const alone: Workplace = { ...workplace, journal: { ...workplace.journal, lock: async () => async () => {} } };
    const store = () =>
      bench.store("a", [JSON.stringify({ "@timestamp": new Date(clock.nowUs() / 1000).toISOString(), message: "x" })]);

    const closing = createClosing(alone, { clock, publisher, logger: undefined });
    for (let i = 0; i < 3; i++) {
      await store();
      await closing.tick();
      await bench.clock.advance(10_000);
    }
    const other = await bench.openCloser({ workplace: alone, publisher });
    expect(begun).toBe(2);
    for (let i = 0; i < 12; i++) {
      await store();
      await closing.tick();
      await other.tick(false);
      await bench.clock.advance(10_000);
    }
    expect(begun).toBe(2);
    for (let i = 0; i < 12; i++) {
      await store();
      await closing.tick();
      await bench.clock.advance(10_000);
    }
    await closing.close();
    await other.close();
    expect(begun).toBe(3);
    await expectConsumed(readWholeTopic(workplace.journal, "weir.windows"), bench.query);
    const [{ windows }] = await bench.query<{ windows: string }>(
      "SELECT uniqExact(window_start) AS windows FROM windows",
    );
    expect(Number(windows)).toBeGreaterThanOrEqual(24);
  });
});
