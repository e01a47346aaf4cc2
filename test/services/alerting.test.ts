import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";
import { readTopic, topicRange } from "../../processors/journal/topic.ts";
import type { Delivery, Message, Receiver } from "../../processors/model/incident.ts";
import type { ClickHouse } from "../../processors/model/ports.ts";
import type { Config } from "../../processors/runtime/config.ts";
import { type Alerting, openAlerting } from "../../processors/services/alerting.ts";
import { configOf } from "../support/config-of.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { useStore } from "../support/make-store.ts";

const NOON = Date.UTC(2026, 2, 2, 12) / 1000;

const CONFIG = `
alerts:
  messages_per_hour: 5
  receivers: [{name: r, type: webhook, url: 'https://example.org'}]
  routes: [{receiver: r}]
`;

const store = useStore();
let dir = "";
let journal: Journal;
let clock: FakeClock;
let config: Config;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-test-"));
  journal = await openJournal(dir);
  clock = createFakeClock(NOON * 1_000_000);
  config = configOf(CONFIG);
  for (const table of ["anomalies", "incidents", "cuts", "windows"]) await store().command(`TRUNCATE TABLE ${table}`);
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true });
});

/** A receiver that notes what it takes, and answers as it is told before that. */
function createReceiver(over: Partial<Receiver> = {}) {
  const taken: Message[] = [];
  const answers: Delivery[] = [];
  const receiver: Receiver = {
    name: "r",
    isIdempotent: false,
    repeatMs: null,
    async send(message) {
      const answer = answers.shift() ?? { kind: "sent" };
      if (answer.kind === "sent") taken.push(message);
      return answer;
    },
    ...over,
  };
  return { receiver, taken, answers };
}

const told = (messages: readonly Message[]) =>
  messages.map(({ kind, fields }) => `${kind} ${fields["service"] || fields["kind"]}`);

async function addAnomaly(minute: number, service: string, score = 4.5, revision = 1): Promise<void> {
  await store().command(
    `INSERT INTO anomalies (rule, signal, key, window_start, window_seconds, revision, value, score, expected, why)
     SELECT 'service_1m', 'errors', ['acme', {service:String}], toDateTime({start:UInt32}, 'UTC'), 60, {revision:UInt32}, 12, {score:Float64}, 1, 'spike'`,
    { service, start: NOON + minute * 60, revision, score },
  );
}

/** What weir.alerts holds, in its order. */
function emittedIds(): string[] {
  const { end } = topicRange(journal, "weir.alerts");
  const ids: string[] = [];
  while (ids.length < end)
    ids.push(...readTopic(journal, "weir.alerts", ids.length).map(({ headers }) => headers["emit_id"]));
  return ids;
}

let cuts = 0;
/** Event time is complete up to a minute, and it is that minute. */
async function reach(minute: number, nowMinute = minute, state = "active"): Promise<void> {
  await store().command(
    `INSERT INTO cuts (cut_id, watermark, partitions.topic, partitions.partition, partitions.source, partitions.state,
      partitions.next, partitions.reached, partitions.watermark)
     SELECT {cut:UInt64}, fromUnixTimestamp64Micro({at:Int64}), ['t'], [0], ['s'], [{state:String}], [1], [fromUnixTimestamp64Micro({at:Int64})],
      [fromUnixTimestamp64Micro({at:Int64})]`,
    { cut: ++cuts, at: (NOON + minute * 60) * 1_000_000, state },
  );
  const ms = (NOON + nowMinute * 60) * 1000 - clock.nowUs() / 1000;
  if (ms > 0) await clock.advance(ms);
}

async function withAlerting(
  receivers: readonly Receiver[],
  use: (alerting: Alerting) => Promise<void>,
  on = journal,
  at: ClickHouse = store(),
) {
  const alerting = await openAlerting({ journal: on, store: at as never, config }, { clock, receivers });
  try {
    await use(alerting);
  } finally {
    await alerting.close();
  }
}

const tick = (receivers: readonly Receiver[]) =>
  withAlerting(receivers, async (alerting) => {
    await alerting.evaluate();
    await alerting.deliver();
  });

describe("alerting", () => {
  it("tells what is stored about the window that opened it, templates as they read", async () => {
    const { receiver, taken } = createReceiver();
    await store().command(
      `INSERT INTO anomalies (rule, signal, key, window_start, window_seconds, revision, value, score, expected, lower, upper, why, contributors, samples, changes)
       SELECT 'service_1m', 'events', ['acme', 'checkout'], toDateTime({start:UInt32}, 'UTC'), 60, 1, 12, 4.5, 1, -inf, 3, 'spike',
         [('template', '00000000000000aa', 0.8)], ['level=error msg=full'], ['2026-03-02T11:40:00Z checkout 7']`,
      { start: NOON },
    );
    await store().command(
      "INSERT INTO templates (tenant, service_name, template, first_seen, last_seen, form) SELECT 'acme', 'checkout', '00000000000000aa', now(), now(), 'disk <*> full'",
    );
    await reach(1);
    await tick([receiver]);
    expect(taken[0].text.split("\n").slice(2, 7)).toEqual([
      "Usual: up to 3.",
      'Most of the difference: message "disk <*> full" 80 %.',
      "Changes in the hour before: 2026-03-02T11:40:00Z checkout 7.",
      "Lines:",
      "  level=error msg=full",
    ]);
  });

  it("tells once that an incident opened and once that it is over; table and topic say the same", async () => {
    const { receiver, taken } = createReceiver();
    await addAnomaly(0, "checkout");
    await reach(1);
    await tick([receiver]);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout"]);
    await reach(10);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout", "resolved checkout"]);
    const rows = await store().query<{ state: string }>("SELECT state FROM incidents_latest");
    expect(rows.map(({ state }) => state)).toEqual(["resolved"]);
    expect(emittedIds()).toEqual(taken.map(({ id }) => id));
  });

  it("withdraws with an end what late data shows never was", async () => {
    const { receiver, taken } = createReceiver();
    await addAnomaly(0, "checkout");
    await reach(1);
    await tick([receiver]);
    await addAnomaly(0, "checkout", 0, 2);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout", "withdrawn checkout"]);
  });

  it("resolves nothing while event time is 30 minutes behind, and says unknown", async () => {
    const { receiver, taken } = createReceiver();
    await addAnomaly(0, "checkout");
    await reach(1);
    await tick([receiver]);
    await reach(1, 31);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout", "opened late"]);
    const [row] = await store().query<{ state: string }>("SELECT state FROM incidents_latest WHERE kind = 'errors'");
    expect(row.state).toBe("unknown");
  });

  it("is not behind while nothing is to come, as after a load of old files", async () => {
    const { receiver, taken } = createReceiver();
    await addAnomaly(0, "checkout");
    await reach(300, 100_000, "loaded");
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout", "resolved checkout"]);
  });

  it("ends no silence before the service was heard of", async () => {
    const { receiver, taken } = createReceiver();
    await addAnomaly(0, "checkout");
    await store().command("ALTER TABLE anomalies UPDATE why = 'silence' WHERE 1 SETTINGS mutations_sync = 1");
    await reach(300);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout"]);
    await store().command(
      `INSERT INTO windows (rule, key, window_start, window_seconds, revision, events) SELECT 'service_1m', ['acme', 'checkout'], toDateTime({at:UInt32}, 'UTC'), 60, 1, 3`,
      { at: NOON + 310 * 60 },
    );
    await reach(330);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout", "resolved checkout"]);
  });

  it("ends each silence where the service was heard of, when much is caught up with at once", async () => {
    const { receiver, taken } = createReceiver();
    await addAnomaly(0, "checkout");
    await addAnomaly(200, "checkout");
    await store().command("ALTER TABLE anomalies UPDATE why = 'silence' WHERE 1 SETTINGS mutations_sync = 1");
    await store().command(
      `INSERT INTO windows (rule, key, window_start, window_seconds, revision, events)
       SELECT 'service_1m', ['acme', 'checkout'], toDateTime({at:UInt32} + 60 * arrayJoin([2, 3, 199, 210, 300]), 'UTC'), 60, 1, 3`,
      { at: NOON },
    );
    await reach(330);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout", "resolved checkout", "opened checkout", "resolved checkout"]);
    expect(taken.filter(({ kind }) => kind === "resolved").map(({ at }) => (at - NOON) / 60)).toEqual([6, 214]);
  });
});

describe("delivery", () => {
  it("tries again as the receiver says, in order", async () => {
    const { receiver, taken, answers } = createReceiver();
    answers.push({ kind: "retry", reason: "HTTP 429", afterMs: 30_000 });
    await addAnomaly(0, "checkout");
    await reach(10);
    await withAlerting([receiver], async (alerting) => {
      await alerting.evaluate();
      for (let second = 0; second < 30; second++) {
        await alerting.deliver();
        expect(taken).toEqual([]);
        await clock.advance(1000);
      }
      await alerting.deliver();
      expect(told(taken)).toEqual(["opened checkout", "resolved checkout"]);
    });
  });

  it("merges what is beyond the limit of an hour into a digest that names all of it, and ends it once", async () => {
    const { receiver, taken } = createReceiver({ isIdempotent: true });
    for (let i = 0; i < 20; i++) await addAnomaly(i, `s${i}`);
    await reach(21);
    await tick([receiver]);
    expect(taken.filter(({ kind }) => kind === "opened")).toHaveLength(5);
    const digest = taken.find(({ fields }) => fields["kind"] === "digest")!;
    const names = taken.flatMap(({ series }) => series).join("\n");
    for (let i = 0; i < 20; i++) expect(names).toContain(` s${i} `);
    await reach(40);
    await tick([receiver]);
    const ends = taken.filter(({ kind }) => kind !== "opened").map(({ subject }) => subject);
    expect(ends.filter((subject) => subject === digest.subject)).toHaveLength(1);
    // As many messages end it as it took to open it, where one can't name all series.
    const end = taken.find(({ kind, subject }) => kind !== "opened" && subject === digest.subject)!;
    expect(end.series).toEqual(digest.series);
    expect(new Set(ends).size).toBe(5);
    expect(ends).toHaveLength(5);
  });

  it("tells again and again what fires where that is wanted, and stops at its end", async () => {
    const { receiver, taken } = createReceiver({ isIdempotent: true, repeatMs: 240_000 });
    await addAnomaly(0, "checkout");
    await reach(1);
    await tick([receiver]);
    await reach(2, 6);
    await tick([receiver]);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout", "opened checkout"]);
    await reach(7);
    await tick([receiver]);
    await reach(30);
    await tick([receiver]);
    expect(told(taken)).toEqual(["opened checkout", "opened checkout", "resolved checkout"]);
  });

  it("does not tell what is over while a route waits", async () => {
    config = configOf(CONFIG.replace("{receiver: r}", "{receiver: r, group_wait: 20m}"));
    const { receiver, taken } = createReceiver();
    await addAnomaly(0, "checkout");
    await reach(1);
    await tick([receiver]);
    await reach(10);
    await tick([receiver]);
    await reach(60);
    await tick([receiver]);
    expect(taken).toEqual([]);
  });
});

describe("a process that dies", () => {
  it("before or after any step repeats at most one message, with the same id, and loses none", async () => {
    let steps = 0;
    let dieAt = 0;
    const mayDie = () => {
      if (++steps === dieAt) throw new Error("killed");
    };
    const dyingJournal: Journal = {
      ...journal,
      lock: async () => async () => {},
      async transact(work) {
        mayDie();
        const result = await journal.transact(work);
        mayDie();
        return result;
      },
    };
    const real = store();
    const dyingStore: ClickHouse = {
      insert: (block) => real.insert(block),
      query: (sql, parameters) => real.query(sql, parameters),
      async command(sql, parameters) {
        mayDie();
        await real.command(sql, parameters);
        mayDie();
      },
      close: async () => {},
    };
    const { receiver, taken } = createReceiver();
    const dyingReceiver: Receiver = {
      ...receiver,
      async send(message) {
        mayDie();
        const delivery = await receiver.send(message);
        mayDie();
        return delivery;
      },
    };
    const work = async (alerting: Alerting) => {
      await alerting.evaluate();
      await alerting.deliver();
    };
    let kills = 0;
    for (let round = 0; ; round++) {
      await addAnomaly(round * 100, "checkout");
      await reach(round * 100 + 50);
      steps = 0;
      dieAt = round + 1;
      const before = taken.length;
      try {
        await withAlerting([dyingReceiver], work, dyingJournal, dyingStore);
      } catch {
        kills++;
      }
      const isOver = steps < dieAt;
      dieAt = 0;
      await withAlerting([dyingReceiver], work, dyingJournal, dyingStore);
      const messages = taken.slice(before);
      const ids = new Set(messages.map(({ id }) => id));
      expect([...ids]).toHaveLength(2);
      expect(messages.length).toBeLessThanOrEqual(3);
      expect(messages.map(({ kind }) => kind).filter((kind, i, all) => kind !== all[i - 1])).toEqual([
        "opened",
        "resolved",
      ]);
      if (isOver) break;
    }
    expect(kills).toBeGreaterThan(10);
    expect(emittedIds()).toEqual([...new Set(taken.map(({ id }) => id))]);
    const rows = await real.query<{ state: string }>(
      "SELECT DISTINCT state FROM incidents_latest WHERE kind = 'errors'",
    );
    expect(rows).toEqual([{ state: "resolved" }]);
  });
});
