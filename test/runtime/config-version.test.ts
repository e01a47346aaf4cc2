import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { configVersion, redacted } from "../../processors/runtime/config-version.ts";
import { configOf } from "../support/config-of.ts";

const BASE = `
sources: [{name: a}, {name: b, format: json}]
rules: [{name: r, window: 10s, group_by: [tenant, source]}, {name: s, window: 1m, group_by: []}]
`;
const base = configVersion(configOf(BASE));

describe("the version of a configuration", () => {
  it("is twelve hexadecimal digits, the same in every process", () => {
    expect(base).toMatch(/^[0-9a-f]{12}$/);
    expect(configVersion(configOf(""))).toBe("29f8a296e41c");
  });

  for (const [why, content] of [
    ["a source's format", BASE.replace("json", "text")],
    ["a source's service", BASE.replace("{name: a}", "{name: a, service: x}")],
    ["a source's tenant", BASE.replace("{name: a}", "{name: a, tenant: x}")],
    ["a source's time zone", BASE.replace("{name: a}", "{name: a, timezone: Europe/Berlin}")],
    ["a rule's window", BASE.replace("10s", "20s")],
    ["the order of a rule's key", BASE.replace("tenant, source", "source, tenant")],
    ["a rule's version", BASE.replace("10s,", "10s, version: 2,")],
    ["what a rule tells apart", BASE.replace("10s,", "10s, distinct: user_id,")],
    ["a masking rule", `${BASE}mask: {rules: {iban: false}}`],
    ["masking as a whole", `${BASE}mask: {enabled: false}`],
    ["a lookup", `${BASE}lookups: [{name: l, file: f.csv, key_column: k, columns: {c: attributes.c}}]`],
    ["a rule for services", `${BASE}service_rules: [{field: body, prefix: x, service: y}]`],
    ["a format of one's own", `${BASE}formats: [{name: f, dissect: '%{a}'}]`],
    ["where records are cut", `${BASE}batch: {record_bytes: 4096}`],
  ] as const) {
    it(`changes with ${why}`, () => {
      expect(configVersion(configOf(content))).not.toBe(base);
    });
  }

  for (const [why, content] of [
    ["the order of sources and rules", BASE.replace(/\[(\{name: a\}), (.*)\]\n/, "[$2, $1]\n")],
    ["batch sizes", `${BASE}batch: {records: 5, bytes: 1 MiB}`],
    ["paths", `${BASE.replace("{name: a}", "{name: a, files: [x]}")}data: {directory: elsewhere}`],
    ["the store", `${BASE}clickhouse: {url: 'http://h', password: p}`],
    ["retention and logging", `${BASE}retention: {events: 1d}\nlog: {level: warn}`],
    ["a default that is written out", `${BASE}mask: {enabled: true}`],
  ] as const) {
    it(`stays with ${why}`, () => {
      expect(configVersion(configOf(content))).toBe(base);
    });
  }
});

describe("the configuration as it is shown", () => {
  it("hides the password and leaves out the key", () => {
    const config = configOf("clickhouse: {password: hunter2}", { env: { WEIR_MASK_KEY: "abcd".repeat(16) } });
    const text = JSON.stringify(redacted(config));
    expect(text).toContain('"password":"[redacted]"');
    expect(text).not.toMatch(/hunter2|abcdabcd/);
  });

  it("reads back as the same configuration", () => {
    const config = configOf(
      `${BASE}batch: {bytes: 100000, record_bytes: 1500}\nmask: {key_file: k}\nlog: {level: warn}\nformats: [{name: f, dissect: ['%{a} x', '%{b}'], time_format: '%s', join: true}]\nlookups: [{name: l, file: f, key_column: k, columns: {c: attributes.c}}]\nservice_rules: [{field: body, prefix: x, service: y}]`,
    );
    expect(configOf(stringify(redacted(config)))).toEqual(config);
  });
});
