import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readConfig, wantsColor } from "../../processors/runtime/config.ts";
import { configOf, errorLinesOf, inFolder } from "../support/config-of.ts";

describe("what a configuration says", () => {
  it("is complete without a word in the file", () => {
    const config = configOf("");
    expect({ ...config, rollUps: config.rollUps.map(({ name, from }) => `${name} from ${from}`) }).toEqual({
      data: { directory: "./.weir" },
      clickhouse: { url: null, username: "default", password: "", passwordFile: null },
      kafka: { brokers: [], clientId: "weir", group: "weir", sessionMs: 15_000, tls: null, sasl: null, schemas: [] },
      sources: [],
      sourceDefaults: { disorderSeconds: 10, latenessSeconds: 86_400 },
      formats: [],
      lookups: [],
      serviceRules: [],
      batch: { recordsMax: 100_000, bytesMax: 25_165_824, recordBytesMax: 1_048_576 },
      breaker: { consecutive: 1000, ratio: 0.5 },
      topics: { to: "journal", prefix: "weir.", partitions: 4, replication: null, registry: null },
      detection: { budgets: [], objectives: [], thresholds: [] },
      alerts: {
        open: { windows: 1, of: 1, score: 3 },
        recover: { windows: 3, score: 3 },
        stormGroups: 5,
        lateSeconds: 900,
        messagesPerHour: 30,
        receivers: [],
        routes: [],
        silences: [],
      },
      rules: [
        {
          name: "route_10s",
          version: 1_557_981_609,
          edition: 1,
          windowSeconds: 10,
          groupBy: ["tenant", "service_name", "http_route", "status_class"],
          distinct: null,
          where: "all",
        },
        {
          name: "template_10s",
          version: 3_682_329_574,
          edition: 1,
          windowSeconds: 10,
          groupBy: ["tenant", "service_name", "template"],
          distinct: null,
          where: "body",
        },
        {
          name: "country_1m",
          version: 587_025_344,
          edition: 1,
          windowSeconds: 60,
          groupBy: ["tenant", "geo_country_iso_code"],
          distinct: null,
          where: "http",
        },
      ],
      rollUps: [
        "route_1m from route_10s",
        "template_1h from template_10s",
        "country_1h from country_1m",
        "service_1m from route_1m",
        "service_1h from service_1m",
        "service_1d from service_1h",
        "tenant_1h from service_1h",
        "tenant_1d from tenant_1h",
      ],
      mask: {
        enabled: true,
        rules: {
          email: true,
          payment_card: true,
          iban: true,
          phone: true,
          national_id: true,
          jwt: true,
          bearer: true,
          basic: true,
          url_password: true,
          secret_value: true,
          cloud_key: true,
          private_key: true,
        },
        patterns: [],
        allow: [],
        deny: [],
        keyFile: null,
        keyHex: null,
      },
      retention: { eventsDays: 30, deadLettersDays: 30, partialsDays: 7, windowsDays: 400, topicsDays: 7 },
      metrics: { listen: null },
      serve: { listen: "127.0.0.1:8123", users: [] },
      log: { level: "info" },
    });
  });

  it("is the default for a file of comments", () => {
    expect(configOf("# nothing\n")).toEqual(configOf(""));
  });

  it("takes what the file gives and fills in the rest", () => {
    const config = configOf(`
sources:
  - name: shop
    files: ["a/*.log"]
    service: web
  - { name: api.v1, format: json, tenant: blue, disorder: 1m, lateness: 2h }
rules:
  - { name: users, window: 1 m, group_by: [user_id, attributes.plan], distinct: client_address }
batch: { bytes: 65536, record_bytes: 2kB }
mask: { rules: { iban: false } }
retention: { events: 90d }
`);
    expect(config.sources).toEqual([
      {
        name: "shop",
        files: ["a/*.log"],
        topic: null,
        format: "auto",
        tenant: "default",
        timezone: "UTC",
        service: "web",
        disorderSeconds: 10,
        latenessSeconds: 86_400,
      },
      {
        name: "api.v1",
        files: [],
        topic: null,
        format: "json",
        tenant: "blue",
        timezone: "UTC",
        service: null,
        disorderSeconds: 60,
        latenessSeconds: 7200,
      },
    ]);
    expect(config.rules).toEqual([
      {
        name: "users",
        version: expect.any(Number),
        edition: 1,
        windowSeconds: 60,
        groupBy: ["user_id", "attributes.plan"],
        distinct: "client_address",
        where: "all",
      },
    ]);
    expect(config.batch).toEqual({ recordsMax: 100_000, bytesMax: 65_536, recordBytesMax: 2000 });
    expect(config.mask.rules).toMatchObject({ email: true, iban: false });
    expect(config.retention).toMatchObject({ eventsDays: 90, partialsDays: 7 });
  });

  it("reads topics from Kafka with an account whose password stands in a file", () => {
    const { kafka, sources } = configOf(`
kafka:
  brokers: "a:9092, b:9093"
  tls: { enabled: true, ca_file: ca.pem }
  sasl: { mechanism: scram-sha-512, username: u, password_file: /dev/null }
sources: [{ name: s, topic: t_1, format: json }]
`);
    expect(kafka).toEqual({
      brokers: ["a:9092", "b:9093"],
      clientId: "weir",
      group: "weir",
      sessionMs: 15_000,
      schemas: [],
      tls: { caFile: "ca.pem", certFile: null, keyFile: null },
      sasl: { mechanism: "scram-sha-512", username: "u", password: "", passwordFile: "/dev/null" },
    });
    expect(sources[0].topic).toBe("t_1");
  });

  it("has no rules when the list of rules is empty", () => {
    expect(configOf("rules: []").rules).toEqual([]);
  });

  it("is the same through aliases", () => {
    const config = configOf(
      "rules:\n  - {name: a, window: 1s, group_by: &g [tenant]}\n  - {name: b, window: 1s, group_by: *g}",
    );
    expect(config.rules.map(({ groupBy }) => groupBy)).toEqual([["tenant"], ["tenant"]]);
  });

  it("can't be changed, at any depth", () => {
    const config = configOf("sources: [{name: a}]") as unknown as {
      sources: { name: string }[];
      rules: { groupBy: string[] }[];
    };
    expect(() => config.sources.push({ name: "b" })).toThrow(TypeError);
    expect(() => (config.sources[0].name = "b")).toThrow(TypeError);
    expect(() => config.rules[0].groupBy.push("x")).toThrow(TypeError);
  });

  it("takes the password from the first line of a file", () => {
    inFolder((folder) => {
      writeFileSync(join(folder, "secret"), "pässword 1\r\nmore\n");
      const { clickhouse } = configOf(`clickhouse: {password_file: ${folder}/secret}`);
      expect(clickhouse.password).toBe("pässword 1");
    });
  });
});

describe("the working directory", () => {
  const from = process.cwd();
  afterEach(() => process.chdir(from));

  it("is where weir.yaml is looked for, and need not have one", () => {
    inFolder((folder) => {
      process.chdir(folder);
      expect(readConfig({ env: {} })).toEqual(configOf(""));
      writeFileSync("weir.yaml", "log: {level: warn}");
      expect(readConfig({ env: {} }).log.level).toBe("warn");
      writeFileSync("weir.yaml", "log: {level: 1}");
      expect(() => readConfig({ env: {} })).toThrow("weir.yaml:1:14: log.level: 1 is not one of trace");
      process.chdir(from);
    });
  });
});

describe("a file that can't be read", () => {
  it("is an error when it was asked for", () => {
    expect(() => readConfig({ path: "/nowhere/weir.yaml", env: {} })).toThrow(
      expect.objectContaining({
        code: "CONFIG_UNREADABLE",
        message:
          "The configuration file /nowhere/weir.yaml can't be read (ENOENT); check the path and its permissions.",
      }),
    );
  });

  it("is an error when it is a folder", () => {
    inFolder((folder) => {
      mkdirSync(join(folder, "d"));
      expect(() => readConfig({ path: join(folder, "d"), env: {} })).toThrow("can't be read (EISDIR)");
    });
  });

  it("is an error above 1 MiB and not at it", () => {
    const comment = `#${"x".repeat((1 << 20) - 2)}\n`;
    expect(errorLinesOf(comment)).toEqual([]);
    expect(errorLinesOf(`${comment}#`)).toEqual([
      "CONFIG_UNREADABLE The configuration file weir.yaml is larger than 1 MiB; check that it is the right file.",
    ]);
  });

  it("is an error when it isn't UTF-8", () => {
    expect(errorLinesOf(Uint8Array.of(0x23, 0xff, 0xfe))).toEqual([
      "CONFIG_UNREADABLE The configuration file weir.yaml is not UTF-8 text; save it as UTF-8.",
    ]);
  });
});

it("colours are unwanted with NO_COLOR, and on dumb terminals", () => {
  expect(wantsColor({})).toBe(true);
  expect(wantsColor({ NO_COLOR: "", TERM: "xterm" })).toBe(true);
  expect(wantsColor({ NO_COLOR: "1" })).toBe(false);
  expect(wantsColor({ TERM: "dumb" })).toBe(false);
});
