import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { RULE_NAMES } from "../../processors/mask/scan.ts";
import { FORMAT_NAMES } from "../../processors/parse/formats.ts";
import { MASK_RULES } from "../../processors/runtime/config-mask.ts";
import { configJsonSchema, type JsonSchema } from "../../processors/runtime/config-schema.ts";
import { FORMATS, isSourceName } from "../../processors/runtime/config-sources.ts";
import { configOf } from "../support/config-of.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const published = read("../../schemas/config.schema.json");
const committed = JSON.parse(published);
const example = read("./weir.example.yaml");
const accepts = (value: unknown) => z.fromJSONSchema(committed).safeParse(value).success;

describe("schemas/config.schema.json", () => {
  it("is what the program checks by (else: weir config --schema > schemas/config.schema.json)", () => {
    expect(published).toBe(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  });

  it("accepts the example, and no misspelt key or wrong unit in it", () => {
    expect(accepts(parse(example))).toBe(true);
    expect(accepts(parse(example.replace("group_by", "groupby")))).toBe(false);
    expect(accepts(parse(example.replace("24 MiB", "24 mib")))).toBe(false);
  });

  it("accepts a file that says nothing", () => {
    expect(accepts({})).toBe(true);
  });

  it("describes every key", () => {
    const bare: string[] = [];
    const walk = (schema: JsonSchema & { description?: string }, path: string): void => {
      for (const [key, child] of Object.entries(schema.properties ?? {})) {
        if (!("description" in child)) bare.push(`${path}.${key}`);
        walk(child, `${path}.${key}`);
      }
      if (schema.items !== undefined) walk(schema.items, `${path}[]`);
    };
    walk(committed, "");
    expect(bare).toEqual([]);
  });
});

describe("the names that a configuration may use", () => {
  it("are auto and the formats that can be parsed", () => {
    expect([...FORMATS].sort()).toEqual(["auto", "avro", ...FORMAT_NAMES].sort());
  });

  it("are the masking rules that there are", () => {
    expect([...MASK_RULES].sort()).toEqual([...RULE_NAMES].sort());
  });
});

describe("a source", () => {
  it.each(["a", "0", "shop.access_log-2", "x".repeat(200)])("may be called %s, on the command line too", (name) => {
    expect(isSourceName(name)).toBe(true);
    expect(accepts({ sources: [{ name }] })).toBe(true);
  });

  it.each(["", "-a", ".a", "a b", "a/b", "ä", "a\n", "x".repeat(201)])("may not be called %j", (name) => {
    expect(isSourceName(name)).toBe(false);
    expect(accepts({ sources: [{ name }] })).toBe(false);
  });
});

describe("the example", () => {
  it("is accepted by the program", () => {
    const config = configOf(example, {
      env: { WEIR_CLICKHOUSE_PASSWORD: "x", WEIR_KAFKA__SASL__PASSWORD: "x", WEIR_TOPICS__REGISTRY__PASSWORD: "x" },
    });
    expect(config.sources[0].service).toBe("shop-web");
  });

  it("shows every key but those in whose place another stands: password, and comparisons of a service rule", () => {
    const missing: string[] = [];
    const walk = (schema: JsonSchema, value: unknown, path: string): void => {
      for (const [key, child] of Object.entries(schema.properties ?? {})) {
        const inner = (value as Record<string, unknown> | undefined)?.[key];
        if (inner === undefined) missing.push(`${path}${key}`);
        else walk(child, inner, `${path}${key}.`);
      }
      if (schema.items !== undefined) walk(schema.items, Object.assign({}, ...(value as unknown[]).toReversed()), path);
    };
    walk(committed, parse(example), "");
    expect(missing).toEqual([
      "clickhouse.password",
      "kafka.sasl.password",
      ...["service_rules.equals", "service_rules.suffix", "service_rules.pattern"],
      "topics.registry.password",
      "alerts.receivers.secret_variable",
      "serve.users.password_file",
    ]);
  });
});
