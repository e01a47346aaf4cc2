import { beforeEach, describe, expect, it } from "vitest";
import { RARE_TEMPLATES, VANISHED_TEMPLATES } from "../../processors/services/detect-template-statements.ts";
import { readFamilies } from "../../processors/services/list-families.ts";
import { MONDAY } from "../support/make-series.ts";
import { useStore } from "../support/make-store.ts";

const HOURS = 30 * 24;

const store = useStore();

let messages = 0;
/** A message of a service, and the hours since Monday in which it wrote it. */
async function add(service: string, form: string, hours: readonly number[]): Promise<void> {
  const template = (++messages).toString(16).padStart(16, "0");
  await store().command(
    `INSERT INTO template_hours (tenant, service_name, template, hour, first_window, events)
     SELECT 'acme', {service:String}, {template:String}, toDateTime({monday:UInt32} + h * 3600, 'UTC'), toDateTime({monday:UInt32} + h * 3600 + 600, 'UTC'), 1
     FROM (SELECT arrayJoin({hours:Array(UInt32)}) AS h)`,
    { service, template, hours, monday: MONDAY },
  );
  await store().command(
    `INSERT INTO templates (tenant, service_name, template, first_seen, last_seen, form)
     VALUES ('acme', {service:String}, {template:String}, toDateTime({monday:UInt32}, 'UTC'), toDateTime({monday:UInt32}, 'UTC'), {form:String})`,
    { service, template, form, monday: MONDAY },
  );
}

interface Found {
  readonly signal: string;
  readonly key: readonly string[];
  readonly window_start: string;
  readonly value: number;
  readonly score: number;
  readonly templates: readonly string[];
}

/** What is found in hours [from, to): service, and minute of the hour since Monday. */
async function find(statement: string, from = 0, to = HOURS): Promise<string[]> {
  const text = (hour: number) => new Date((MONDAY + hour * 3600) * 1000).toISOString().slice(0, 19).replace("T", " ");
  const found = await store().query<Found>(statement, {
    rule: "template_10s",
    tenant: 1,
    threshold: 3,
    from: text(from),
    to: text(to),
  });
  return found.map(({ key, window_start, value }) => {
    const minutes = (Date.parse(`${window_start}Z`) / 1000 - MONDAY) / 60;
    return `${key[1]} ${value} ${Math.floor(minutes / 60)}:${minutes % 60}`;
  });
}

const every = (step: number, from = 0, to = HOURS) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, k) => from + k * step);

beforeEach(async () => {
  for (const table of ["templates", "template_hours"]) await store().command(`TRUNCATE TABLE ${table}`);
});

/** Hour by hour as at once. */
async function findTwice(statement: string): Promise<string[]> {
  const found = await find(statement);
  const parts: string[] = [];
  for (let hour = 180; hour < HOURS; hour += 45) parts.push(...(await find(statement, hour, hour + 45)));
  expect(parts).toEqual(found);
  return found;
}

describe("rare messages", () => {
  it("are told when they come again, unless that happens all the time", async () => {
    for (const service of ["shop", "jobs"]) await add(service, "order <*> read", every(1));
    await add("shop", "disk <*> nearly full", [50, 51, 560]);
    // Said too often, or yesterday.
    for (const service of ["caches", "keys"]) await add(service, "order <*> read", every(1));
    await add("caches", "cache <*> emptied", [...every(30, 60), 315]);
    await add("keys", "key <*> renewed", [612, 630]);
    // One a day, from before it could be known how often that happens.
    for (let day = 7; day < 30; day++) await add("jobs", `step${day} done again`, [day * 2, 24 * day + 12]);
    expect(await findTwice(RARE_TEMPLATES)).toEqual(["shop 1 560:10"]);
  });
});

describe("vanished messages", () => {
  it("are told once they are missing for longer than ever while their service goes on", async () => {
    const silent = every(1).filter((hour) => hour < 560 || hour >= 580);
    for (const service of ["shop", "jobs", "quiet"]) await add(service, "order <*> read", every(1));
    await add("shop", "heartbeat of the <*>", every(1, 0, 550));
    await add("shop", "heartbeat of the <*> again", every(1, 0, 550));
    await add("shop", "table swept clean", every(5));
    await add(
      "shop",
      "night shift on",
      every(1).filter((hour) => hour % 24 < 8),
    );
    await add("jobs", "seldom said now", every(20, 0, 250));
    await add("jobs", "backup of all", [...every(5, 0, 201), ...every(5, 209)]);
    await add("silent", "one message here", silent);
    await add("silent", "another one there", silent);
    // Other words for the same every three days: after the first, nobody is told.
    for (let k = 0; k < 5; k++) await add("quiet", `wording${k} of it`, every(1, 0, 510 + 20 * k));
    expect(await findTwice(VANISHED_TEMPLATES)).toEqual(["quiet 1 512:55", "shop 1 552:55"]);
  });
});

describe("families", () => {
  it("are templates that differ in one word with many values, and then once more", async () => {
    for (const user of ["ann", "bob", "cy", "di"])
      for (const room of ["red", "blue", "green", "black"]) await add("chat", `user ${user} enters ${room}`, [1]);
    for (const state of ["opened", "closed"]) await add("chat", `connection was ${state}`, [1]);
    await add("other", "user eve enters red", [1]);
    const families = await store().query<{ service_name: string; family: string; n: number; version: number }>(
      "SELECT service_name, family, toUInt32(count()) AS n, any(version) AS version FROM template_families GROUP BY service_name, family ORDER BY service_name, family",
    );
    expect(families.map(({ service_name, family, n }) => [service_name, family, n])).toEqual([
      ["chat", "connection was closed", 1],
      ["chat", "connection was opened", 1],
      ["chat", "user <*> enters <*>", 16],
      ["other", "user eve enters red", 1],
    ]);
    expect(families[0].version).toBe(1);
    expect((await readFamilies(store()))[0]).toEqual({
      tenant: "acme",
      service: "chat",
      family: "user <*> enters <*>",
      version: 1,
      templates: 16,
      events: 16,
      first_seen: "2026-03-02T00:00:00Z",
      last_seen: "2026-03-02T00:00:00Z",
    });
  });
});
