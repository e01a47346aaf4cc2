import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { brokers, withKafka } from "./kafka.ts";

const BENCH = fileURLToPath(new URL("../bench/bench.ts", import.meta.url));

withKafka("npm run bench -- kafka", () => {
  it("processes a small topic, finds everything in the store, and says so", async () => {
    const args = [BENCH, "kafka", "--only", "json15", "--events", "3000", "--runs", "1"];
    const env = { ...process.env, KAFKA_BROKERS: brokers };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
    expect(stderr).not.toContain("WRONG");
    const results = stdout.split("\n").filter((line) => line.startsWith("{"));
    expect(results.map((line) => JSON.parse(line))).toMatchObject([
      { case: "kafka/json15", events: 3000, ok: true },
      { case: "kafka/json15-lz4", events: 3000, ok: true },
    ]);
  }, 120_000);
});
