import { describe, expect, it } from "vitest";
import type { Mask } from "../../processors/mask/mask.ts";
import { createMaskStage } from "../../processors/mask/stage.ts";
import { EventBatch } from "../../processors/model/event-batch.ts";
import { makeRecords } from "../support/make-records.ts";
import { createRandom, plantedLine } from "./corpus.ts";
import { cleanIdentityLine, plantedIdentity } from "./corpus-identities.ts";
import { makeMask } from "./make-mask.ts";

interface Row {
  tenant?: string;
  body?: string;
  line?: string;
  attributes?: Record<string, string>;
}

/** A batch with these rows; what isn't named is empty. */
function makeBatch(rows: readonly Row[], batch = new EventBatch(8)): EventBatch {
  batch.rows = rows.length;
  batch.attributes.truncate(0);
  rows.forEach(({ tenant = "acme", body = "", line = "", attributes = {} }, row) => {
    batch.strings.tenant.set(row, tenant);
    batch.strings.body.set(row, body);
    batch.line_kept.set(row, line);
    for (const [key, value] of Object.entries(attributes)) {
      batch.attributes.add(batch.attributes.keys.intern(key), value);
    }
    batch.attributeEnds[row] = batch.attributes.count;
  });
  return batch;
}

function attributesOf(batch: EventBatch, row: number): Record<string, string> {
  const from = row === 0 ? 0 : batch.attributeEnds[row - 1];
  const entries: [string, string][] = [];
  for (let i = from; i < batch.attributeEnds[row]; i++) {
    entries.push([batch.attributes.key(i), batch.attributes.values.get(i)]);
  }
  return Object.fromEntries(entries);
}

const masks = new Map<string, Mask>(["acme", "other", ""].map((tenant) => [tenant, makeMask({ tenant })]));
const maskOf = (tenant: string): Mask => masks.get(tenant) as Mask;
const ADDRESS = "joe@example.com";
const acmeJoe = makeMask().text(ADDRESS);
const otherJoe = makeMask({ tenant: "other" }).text(ADDRESS);

describe("the mask stage", () => {
  it("masks text columns, the kept line, attribute keys and values", () => {
    const batch = makeBatch([
      {
        body: `from ${ADDRESS}`,
        line: `{"body":"from ${ADDRESS}","user":{"password":"hunter2"},"n":"1234567"}`,
        attributes: {
          "user.password": "hunter2",
          [`seen by ${ADDRESS}`]: "3",
          note: `to ${ADDRESS}`,
          n: "1234567",
          token: "",
        },
      },
      { body: "nothing here", line: "nothing here" },
    ]);
    batch.strings.url_query.set(0, "q=joe%40example.com&password=x");
    batch.strings.client_address.set(0, ADDRESS);
    createMaskStage(maskOf)(batch);

    expect(batch.strings.body.get(0)).toBe(`from ${acmeJoe}`);
    expect(batch.line_kept.get(0)).toBe(`{"body":"from ${acmeJoe}","user":{"password":"<secret>"},"n":"1234567"}`);
    expect(batch.strings.url_query.get(0)).toBe(`q=${acmeJoe}&password=<secret>`);
    expect(batch.strings.client_address.get(0)).toBe(acmeJoe);
    expect(attributesOf(batch, 0)).toEqual({
      "user.password": "<secret>",
      [`seen by ${acmeJoe}`]: "3",
      note: `to ${acmeJoe}`,
      n: "1234567",
      token: "",
    });
    expect([batch.strings.body.get(1), batch.line_kept.get(1)]).toEqual(["nothing here", "nothing here"]);
  });

  it("leaves tenant, source and format alone, and masks the keys in a line layout", () => {
    const batch = makeBatch([{ body: "x" }]);
    for (const name of ["source", "format"] as const) batch.strings[name].set(0, ADDRESS);
    batch.strings.line_layout.set(0, `{"${ADDRESS}":\x01}`);
    createMaskStage(maskOf)(batch);
    for (const name of ["source", "format"] as const) expect(batch.strings[name].get(0)).toBe(ADDRESS);
    expect(batch.strings.line_layout.get(0)).toBe(`{"${acmeJoe}":\x01}`);
  });

  it("masks a card number that is the key of a nested object, alike in attributes and layout", () => {
    const batch = makeBatch([{ attributes: { "seen.4111-1111-1111-1111.n": "3" } }]);
    batch.strings.line_layout.set(0, '{"seen":{"4111-1111-1111-1111":{"n":\x01a.seen.4111-1111-1111-1111.n\x01}}}');
    createMaskStage(maskOf)(batch);
    const [key] = Object.keys(attributesOf(batch, 0));
    expect(key).toMatch(/^seen\.<card:[0-9a-f]{16}>\.n$/);
    expect(batch.strings.line_layout.get(0)).toBe(`{"seen":{"${key.slice(5, -2)}":{"n":\x01a.${key}\x01}}}`);
  });

  it.each([
    ["123.456.789-09.n", /^<national_id:[0-9a-f]{16}>\.n$/],
    ["seen.123.456.789-09.n", /^seen\.<national_id:[0-9a-f]{16}>\.n$/],
    ["cpf.12345678909.n.2", /^cpf\.<national_id:[0-9a-f]{16}>\.n\.2$/],
    ["password.length.1.2", /^password\.length\.1\.2$/],
    ["order_id.4111111111111111.n", /^order_id\.4111111111111111\.n$/],
  ])("masks a tax number with dots in the key %s of a nested object", (key, masked) => {
    const batch = makeBatch([{ attributes: { [key]: "3" } }]);
    createMaskStage(maskOf)(batch);
    expect(Object.keys(attributesOf(batch, 0))[0]).toMatch(masked);
  });

  it("masks each row of a mixed batch with the mask of its tenant", () => {
    const row = { body: `by ${ADDRESS}`, line: ADDRESS, attributes: { to: ADDRESS, password: "x" } };
    const batch = makeBatch([{ ...row }, { ...row, tenant: "other" }, { ...row }]);
    createMaskStage(maskOf)(batch);
    expect([0, 1, 2].map((i) => batch.strings.body.get(i))).toEqual([
      `by ${acmeJoe}`,
      `by ${otherJoe}`,
      `by ${acmeJoe}`,
    ]);
    expect([0, 1, 2].map((i) => batch.line_kept.get(i))).toEqual([acmeJoe, otherJoe, acmeJoe]);
    expect([0, 1, 2].map((i) => attributesOf(batch, i))).toEqual(
      [acmeJoe, otherJoe, acmeJoe].map((to) => ({ to, password: "<secret>" })),
    );
  });

  it("does not take one tenant's answers for another's in the next batch", () => {
    const stage = createMaskStage(maskOf);
    const batch = new EventBatch(8);
    for (const [tenant, joe] of [
      ["acme", acmeJoe],
      ["other", otherJoe],
      ["acme", acmeJoe],
    ] as const) {
      stage(makeBatch([{ tenant, body: ADDRESS, attributes: { [ADDRESS]: ADDRESS } }], batch));
      expect(batch.strings.body.get(0)).toBe(joe);
      expect(attributesOf(batch, 0)).toEqual({ [joe]: joe });
    }
  });

  it("forgets its answers when a dictionary starts anew", () => {
    const stage = createMaskStage(maskOf);
    const batch = new EventBatch(8);
    stage(makeBatch([{ body: "first", attributes: { password: "hunter2", b: "plain text" } }], batch));
    batch.strings.body.dictionary.trim(0, 0);
    batch.attributes.keys.trim(0, 0);
    stage(makeBatch([{ body: ADDRESS, attributes: { b: "plain text", password: "hunter2" } }], batch));
    expect(batch.strings.body.get(0)).toBe(acmeJoe);
    expect(attributesOf(batch, 0)).toEqual({ b: "plain text", password: "<secret>" });
  });

  it("masks what dead letters hold, also when no row is left", () => {
    const batch = makeBatch([]);
    batch.deadLetters = [
      {
        record: 0,
        stage: "parse",
        code: "PARSE_BAD",
        reason: `bad field: ${ADDRESS}`,
        payload: '{"password":"x',
        isExact: true,
      },
    ];
    createMaskStage(maskOf)(batch);
    const [letter] = batch.deadLetters;
    expect(letter.reason).toMatch(/^bad field: <email:[0-9a-f]{16}>$/);
    expect(letter).toMatchObject({
      record: 0,
      stage: "parse",
      code: "PARSE_BAD",
      payload: '{"password":"<secret>',
      isExact: false,
    });
  });

  it("keeps a crawler's contact address in the user agent, and no person's", () => {
    const batch = makeBatch([{}, {}, {}]);
    const agents = ["Bot/1.0 (+support@bot.example)", "Mozilla/5.0 (joe.doe@bot.example)", "x (help.desk@bot.example)"];
    for (const [row, agent] of agents.entries()) batch.strings.user_agent_original.set(row, agent);
    createMaskStage(maskOf)(batch);
    const kept = agents.map((agent, row) => batch.strings.user_agent_original.get(row) === agent);
    expect(kept).toEqual([true, false, true]);
  });

  it("masks stretches of the batch's text as it masks texts, whatever stands around them", () => {
    const random = createRandom(3);
    const values: string[] = [];
    for (let i = 0; i < 500; i++)
      values.push(plantedLine(random).planted, plantedIdentity(random).planted, cleanIdentityLine(random), "short");
    for (const around of ["7", "x", "-", '"', "@", "=", "_"]) {
      const text = around + values.join(around) + around;
      const batch = new EventBatch(values.length);
      const records = makeRecords([text]);
      batch.begin({ ...records, count: 1 }, values.length);
      const keys = ["note", "phone", "userSsn", "password"].map((key) => batch.attributes.keys.intern(key));
      const { body } = batch.strings;
      body.isDirect = true;
      body.texts!.begin(records.text, values.length);
      batch.rows = values.length;
      let begin = 1;
      for (const [row, value] of values.entries()) {
        batch.strings.tenant.set(row, "acme");
        body.setSpan(row, records.text, begin, begin + value.length);
        for (const key of keys) batch.attributes.addSpan(key, begin, begin + value.length);
        batch.attributeEnds[row] = batch.attributes.count;
        begin += value.length + 1;
      }
      createMaskStage(maskOf)(batch);
      const mask = maskOf("acme");
      for (const [row, value] of values.entries()) {
        expect(body.get(row)).toBe(mask.valueOf(mask.fieldOf("body", true), value));
        for (const [key, masked] of Object.entries(attributesOf(batch, row)))
          expect(masked).toBe(mask.valueOf(mask.fieldOf(key, false), value));
      }
    }
  });

  it("masks the first value of a column that has to be, after batches in which none had to", () => {
    const stage = createMaskStage(maskOf);
    const batch = makeBatch([{ body: "one" }, { body: "two" }]);
    stage(batch);
    makeBatch([{ body: "two" }, { body: `from ${ADDRESS}` }, { body: "three" }], batch);
    stage(batch);
    makeBatch([{ body: `from ${ADDRESS}` }, { body: "four" }, { body: "one" }], batch);
    expect([0, 1, 2].map((row) => batch.strings.body.get(row))).toEqual([`from ${ADDRESS}`, "four", "one"]);
    stage(batch);
    expect([0, 1, 2].map((row) => batch.strings.body.get(row))).toEqual([`from ${acmeJoe}`, "four", "one"]);
  });
});
