import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";
import { openReadingCodec } from "../../processors/services/output-topics.ts";
import { publishAnomalies } from "../../processors/services/publish-anomalies.ts";
import { configOf } from "../support/config-of.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { useStore } from "../support/make-store.ts";
import { readWholeTopic } from "../support/read-whole-topic.ts";

const NOON = Date.UTC(2026, 2, 2, 12) / 1000;
const clock = createFakeClock(NOON * 1_000_000);
const config = configOf("");
const store = useStore();
let dir = "";
let journal: Journal;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-test-"));
  journal = await openJournal(dir);
  for (const table of ["anomalies", "detections"]) await store().command(`TRUNCATE TABLE ${table}`);
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true });
});

/** An anomaly as a detection stores it. */
async function find(detection: number, service: string, revision = 1, score = 4.5): Promise<void> {
  await store().command(
    `INSERT INTO anomalies (rule, signal, key, window_start, window_seconds, revision, value, score, expected, lower, upper, why, baseline_windows,
      contributors, samples, changes, detection)
     SELECT 'service_1m', 'events', ['acme', {service:String}], toDateTime({start:UInt32}, 'UTC'), 300, {revision:UInt32}, 12, {score:Float64}, 3, -inf, 7.5, 'spike', 99,
      [('http_route', '/cärt', 0.75)], ['GET /cärt'], ['2026-03-02T11:58:00Z shop 7'], {detection:UInt32}`,
    { service, start: NOON, revision, score, detection },
  );
}

async function finish(number: number): Promise<void> {
  await store().command(
    "INSERT INTO detections (cut_id, since, until, rules, number) SELECT 1, toDateTime(0, 'UTC'), toDateTime({until:UInt32}, 'UTC'), '', {number:UInt32}",
    { number, until: NOON + 300 * number },
  );
}

function publish(journalOf = journal): Promise<void> {
  return publishAnomalies({ journal: journalOf, store: store(), config }, clock);
}

async function published() {
  const { decode } = await openReadingCodec("anomalies");
  return readWholeTopic(journal, "weir.anomalies").map((record) => ({
    ...record,
    value: decode(record.value) as { key: string[]; revision: number },
  }));
}

const told = async () => (await published()).map(({ value }) => `${value.key[1]} ${value.revision}`);

it("publishes what a detection stored when that is done, with every field", async () => {
  await find(1, "shop");
  await publish();
  expect(await published()).toEqual([]);
  await finish(1);
  await publish();
  const [{ key, headers, value }] = await published();
  expect(key).toBe(`["service_1m","events",${NOON},"acme","shop"]`);
  expect(headers).toEqual({
    emit_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    revision: "1",
    watermark: "2026-03-02T12:05:00.000Z",
  });
  expect(value).toEqual({
    rule: "service_1m",
    signal: "events",
    key_columns: ["tenant", "service_name"],
    key: ["acme", "shop"],
    window_start: NOON * 1000,
    window_seconds: 300,
    revision: 1,
    value: 12,
    score: 4.5,
    expected: 3,
    lower: null,
    upper: 7.5,
    why: "spike",
    baseline_windows: 99,
    contributors: [{ dimension: "http_route", value: "/cärt", share: 0.75 }],
    samples: ["GET /cärt"],
    changes: ["2026-03-02T11:58:00Z shop 7"],
  });
});

it("publishes each revision once, the last one always, whoever dies when", async () => {
  await find(1, "shop");
  await find(1, "cart");
  await finish(1);
  const dying = (writes: number): Journal => {
    let left = writes;
    return {
      ...journal,
      async transact(work) {
        if (left-- === 0) throw new Error("died");
        return journal.transact(work);
      },
    };
  };
  for (const writes of [0, 1]) await expect(publish(dying(writes))).rejects.toThrow("died");
  expect(await told()).toEqual([]);
  await publish();
  await publish();
  expect(await told()).toEqual(["cart 1", "shop 1"]);
  // Two detections are done before anybody publishes: what the second replaced is left out.
  await find(2, "shop", 2);
  await find(2, "card", 1);
  await finish(2);
  await find(3, "shop", 3, 0);
  await finish(3);
  await finish(4);
  await publish();
  expect(await told()).toEqual(["cart 1", "shop 1", "card 1", "shop 3"]);
  const ids = (await published()).map(({ headers }) => headers["emit_id"]);
  expect(new Set(ids).size).toBe(ids.length);
});
