import { describe, expect, it } from "vitest";
import { FORMATS } from "../../processors/runtime/config-sources.ts";
import { errorLinesOf } from "../support/config-of.ts";

/** One file, and the lines it must give after the first. */
const CASES: readonly (readonly [why: string, content: string, ...lines: string[]])[] = [
  ["an unknown section", "batches: {}", "weir.yaml:1:1: batches: unknown key; did you mean batch?"],
  [
    "an unknown key in a list, at the key",
    "sources:\n  - name: a\n    fromat: json",
    "weir.yaml:3:5: sources[0].fromat: unknown key; did you mean format?",
  ],
  [
    "an unknown key that resembles none",
    "log: {colour: red}",
    "weir.yaml:1:7: log.colour: unknown key; the keys here are level",
  ],
  [
    "a key without a space after its colon, whose value may be secret",
    "clickhouse: {password:hunter2}",
    "weir.yaml:1:14: clickhouse.password…: unknown key; did you mean password? (a space must follow the colon)",
  ],
  [
    "a key of JavaScript's own",
    "__proto__: {x: 1}",
    "weir.yaml:1:1: __proto__: unknown key; the keys here are data, clickhouse, kafka, sources, formats, lookups, service_rules, batch, breaker, rules, topics, detection, alerts, mask, retention, metrics, serve, log",
  ],
  ["a missing key, at its parent", "sources:\n  - files: []", "weir.yaml:2:5: sources[0].name: is required"],
  ["a list for a mapping", "batch: []", "weir.yaml:1:8: batch: must be a mapping, but it is a list"],
  ["an empty section", "batch:\nlog: {}", "weir.yaml:1:7: batch: must be a mapping, but it is empty"],
  ["text for the whole", "hello", "weir.yaml:1:1: must be a mapping, but it is text"],
  ["a mapping for a list", "sources: {}", "weir.yaml:1:10: sources: must be a list, but it is a mapping"],
  [
    "a topic whose format is not declared",
    "sources: [{name: a, topic: t}]",
    "weir.yaml:1:28: sources[0].topic: needs a format beside it that is not auto: nothing of a topic is guessed",
  ],
  [
    "a topic beside files",
    "sources: [{name: a, files: [x], topic: t, format: json}]",
    "weir.yaml:1:40: sources[0].topic: stands beside files; give the topic a source of its own",
  ],
  [
    "a topic that is another source's",
    "sources: [{name: t}, {name: b, topic: t, format: json}]",
    'weir.yaml:1:39: sources[1].topic: "t" is another source\'s already',
  ],
  [
    "a broker without a port",
    "kafka: {brokers: [localhost]}",
    'weir.yaml:1:18: kafka.brokers: "localhost" is no broker; write host:port, as in kafka.example.org:9092',
  ],
  [
    "an account without a user",
    "kafka: {sasl: {mechanism: plain}}",
    "weir.yaml:1:9: kafka.sasl.username: is required where there is a mechanism",
  ],
  [
    "a number for text, without showing it",
    "clickhouse:\n  password: 12345",
    "weir.yaml:2:13: clickhouse.password: must be text, but it is a number; put it in quotes",
  ],
  ["text for a number", "batch: {records: many}", "weir.yaml:1:18: batch.records: must be a number, but it is text"],
  [
    "a fraction",
    "batch: {records: 1.5}",
    "weir.yaml:1:18: batch.records: must be a whole number, but it is a number with a fraction",
  ],
  ["too small a number", "batch: {records: 0}", "weir.yaml:1:18: batch.records: must be at least 1, but it is 0"],
  [
    "too large a number",
    "batch: {records: 1000001}",
    "weir.yaml:1:18: batch.records: must be at most 1000000, but it is 1000001",
  ],
  [
    "text for a switch",
    "mask: {enabled: 'yes'}",
    "weir.yaml:1:17: mask.enabled: must be true or false, but it is text",
  ],
  ["empty text", "data: {directory: ''}", "weir.yaml:1:19: data.directory: must not be empty"],
  [
    "too long a text",
    `data: {directory: ${"x".repeat(5000)}}`,
    "weir.yaml:1:19: data.directory: must be at most 4096 characters long",
  ],
  [
    "a format nobody knows",
    "sources: [{name: a, format: combinde}]",
    `weir.yaml:1:29: sources[0].format: "combinde" is not one of ${FORMATS.join(", ")}; did you mean combined?`,
  ],
  [
    "a name with a space",
    "sources: [{name: my shop}]",
    'weir.yaml:1:18: sources[0].name: "my shop" is not a name; use letters, digits, ".", "_" and "-", starting with a letter or digit',
  ],
  [
    "a name twice, at the second",
    "sources:\n  - name: a\n  - name: a",
    'weir.yaml:3:11: sources[1].name: "a" is taken already',
  ],
  [
    "a rule's name twice",
    "rules:\n  - {name: r, window: 1s, group_by: []}\n  - {name: r, window: 1s, group_by: []}",
    'weir.yaml:3:12: rules[1].name: "r" is taken already',
  ],
  [
    "an amount without a known unit",
    "batch: {bytes: 32 Mib}",
    'weir.yaml:1:16: batch.bytes: "32 Mib" is not an amount of bytes; write a whole number, or a number and a unit, as in "32 MiB"',
  ],
  [
    "a list as an amount",
    "batch: {bytes: [1]}",
    'weir.yaml:1:16: batch.bytes: a list is not an amount of bytes; write a whole number, or a number and a unit, as in "32 MiB"',
  ],
  [
    "too small an amount",
    "batch: {bytes: 1 KiB}",
    'weir.yaml:1:16: batch.bytes: "1 KiB" is not within 64 KiB to 256 MiB',
  ],
  [
    "too large an amount",
    "batch: {record_bytes: 1000000000}",
    "weir.yaml:1:23: batch.record_bytes: 1000000000 is not within 1 KiB to 64 MiB",
  ],
  [
    "a window without a unit",
    "rules: [{name: r, group_by: [], window: 10}]",
    'weir.yaml:1:41: rules[0].window: 10 is not a window size; write a number and s, m, h or d, as in "10s" or "1m"',
  ],
  [
    "too long a window",
    "rules: [{name: r, group_by: [], window: 25h}]",
    'weir.yaml:1:41: rules[0].window: "25h" is longer than 1d',
  ],
  [
    "a column nobody knows",
    "rules: [{name: r, window: 1s, group_by: [tenant, http_rout]}]",
    'weir.yaml:1:50: rules[0].group_by[1]: "http_rout" is not one of tenant, service_name, host_name, severity_text, body, http_request_method, http_route, url_path, url_query, network_protocol_version, http_request_referrer, client_address, geo_country_iso_code, user_id, user_agent_original, user_agent_name, user_agent_os_name, user_agent_synthetic_type, line_layout, source, format, status_class, template, attributes.NAME; did you mean http_route?',
  ],
  [
    "too many columns",
    `rules: [{name: r, window: 1s, group_by: [${["tenant", "source", "format", "body", "user_id", "url_path", "url_query", "template", "http_route"].join(", ")}]}]`,
    "weir.yaml:1:41: rules[0].group_by: must have at most 8 entries",
  ],
  [
    "a column twice",
    "rules: [{name: r, window: 1s, group_by: [tenant, tenant]}]",
    'weir.yaml:1:50: rules[0].group_by[1]: "tenant" stands in the key already',
  ],
  [
    "a subject nobody knows",
    "rules: [{name: r, window: 1s, group_by: [], where: htp}]",
    'weir.yaml:1:52: rules[0].where: "htp" is not one of all, http, body; did you mean http?',
  ],
  [
    "hours of retention",
    "retention: {events: 12h}",
    'weir.yaml:1:21: retention.events: "12h" is not a number of days; write it as in "30d"',
  ],
  [
    "an address with a password, without showing it",
    "clickhouse: {url: 'http://user:hunter2@db:8123'}",
    "weir.yaml:1:19: clickhouse.url: is not a plain address; write it as in http://localhost:8123, without user, password or query",
  ],
  ["an empty address", "clickhouse: {url: ''}", "weir.yaml:1:19: clickhouse.url: must not be empty"],
  [
    "a key behind an alias, where it is written",
    "batch: &b {records: 5}\nlog: *b",
    "weir.yaml:1:12: log.records: unknown key; the keys here are level",
  ],
  [
    "an address of another protocol",
    "clickhouse: {url: 'tcp://db:9000'}",
    "weir.yaml:1:19: clickhouse.url: is not a plain address; write it as in http://localhost:8123, without user, password or query",
  ],
  [
    "a password file that isn't there",
    "clickhouse: {password_file: /nowhere/x}",
    "weir.yaml:1:29: clickhouse.password_file: the file can't be read (ENOENT)",
  ],
  [
    "two passwords",
    "clickhouse:\n  password: hunter2\n  password_file: /dev/null",
    "weir.yaml:3:18: clickhouse.password_file: stands beside password; keep one of the two",
  ],
  [
    "a level nobody knows",
    "log: {level: warning}",
    'weir.yaml:1:14: log.level: "warning" is not one of trace, debug, info, warn, error, silent',
  ],
  [
    "control characters in a value",
    'log: {level: "\\e[31mred"}',
    'weir.yaml:1:14: log.level: "\\x1b[31mred" is not one of trace, debug, info, warn, error, silent'.replace(
      ":14:",
      ":14:",
    ),
  ],
  ["a key twice", "log: {}\nlog: {}", "weir.yaml:2:1: the key stands here a second time"],
  ["a tag", "log: {level: !js info}", "weir.yaml:1:14: the tag (!…) is not known; put the value in quotes"],
  ["a tab", "batch:\n\trecords: 1", "weir.yaml:2:1: the line is indented with a tab; use spaces"],
  ["two documents", "log: {}\n---\nlog: {}", "weir.yaml:2:1: a second document begins here; the file must hold one"],
  [
    "an open quote",
    "data: {directory: 'x",
    "weir.yaml:1:21: a closing quote or bracket, a comma or a space is missing",
  ],
  [
    "a value that looks like a key",
    "data: directory: x",
    'weir.yaml:1:7: a value that holds ": " must be in quotes; keys stand on their own lines',
  ],
  [
    "a zone that does not exist",
    "sources: [{name: a, timezone: Europe/Nowhere}]",
    "weir.yaml:1:31: sources[0].timezone: There is no such time zone; use a name such as Europe/Berlin.",
  ],
  ["a wrong indent", "log:\n  level: info\n more: 1", "weir.yaml:3:1: the line is not indented as its neighbours are"],
  [
    "a reserved character",
    "data: {directory: @x}",
    "weir.yaml:1:19: a value can't begin with this character; put it in quotes",
  ],
  [
    "an escape",
    'data: {directory: "C:\\q"}',
    "weir.yaml:1:22: the escape (\\…) is not known; use single quotes to write a backslash",
  ],
  ["a key that isn't text", "? [a]\n: 1", "weir.yaml:1:3: a key must be text"],
  [
    "a password that looks like an alias, without showing it",
    "clickhouse: {password: *hunter2}",
    "weir.yaml:1:24: the alias (*…) has no anchor; put the value in quotes if it is meant as text",
  ],
  ["aliases that multiply", bomb(), "weir.yaml:1:1: the aliases (*…) expand to too much"],
];

/** Nine times nine times … nine texts. */
function bomb(): string {
  const names = [..."abcdefghi"];
  return names
    .map(
      (name, i) =>
        `${name}: &${name} [${Array(9)
          .fill(i === 0 ? "x" : `*${names[i - 1]}`)
          .join(", ")}]`,
    )
    .join("\n");
}

describe("a problem is named with its place, its key and what is wrong", () => {
  for (const [why, content, ...lines] of CASES) {
    it(`${why}`, () => {
      expect(errorLinesOf(content).slice(1)).toEqual(lines);
    });
  }
});

it("nesting that is too deep is a problem, not a crash", () => {
  // Where it becomes too deep depends on the stack.
  expect(errorLinesOf(`data: ${"[".repeat(20_000)}`)[1]).toMatch(/^weir\.yaml:1:[0-9]+: the nesting is too deep$/);
});

describe("all problems together", () => {
  const content = `sources:
  - name: shop
    fromat: json
  - name: shop
    tenant: no where
log:
  levl: info
  level: loud
batch: {records: 0, bytes: 1}
`;

  it("come at once, in the order of the file, those of the environment last", () => {
    expect(errorLinesOf(content, { env: { WEIR_RETENTION__EVENTS: "x", WEIR_BATCH__RECORD: "1" } })).toEqual([
      "CONFIG_INVALID The configuration has 9 problems; correct what follows (weir config --schema describes every key).",
      "weir.yaml:3:5: sources[0].fromat: unknown key; did you mean format?",
      'weir.yaml:4:11: sources[1].name: "shop" is taken already',
      'weir.yaml:5:13: sources[1].tenant: "no where" is not a name; use letters, digits, ".", "_" and "-", starting with a letter or digit',
      "weir.yaml:7:3: log.levl: unknown key; did you mean level?",
      'weir.yaml:8:10: log.level: "loud" is not one of trace, debug, info, warn, error, silent',
      "weir.yaml:9:18: batch.records: must be at least 1, but it is 0",
      "weir.yaml:9:28: batch.bytes: 1 is not within 64 KiB to 256 MiB",
      "WEIR_BATCH__RECORD: unknown variable; did you mean WEIR_BATCH__RECORDS?",
      'WEIR_RETENTION__EVENTS: retention.events: "x" is not a number of days; write it as in "30d"',
    ]);
  });

  it("are cut after fifty", () => {
    const lines = errorLinesOf(Array.from({ length: 70 }, (_, i) => `key${i}: 1`).join("\n"));
    expect(lines.length).toBe(52);
    expect(lines.at(-1)).toBe("… and 20 more");
  });

  it("never hold a password, whatever is wrong with it", () => {
    for (const password of [
      "*hunter2",
      "!hunter2",
      "&hunter2 x",
      "[hunter2]",
      "{hunter2: 1}",
      "'hunter2",
      "@hunter2",
      "hunter2: x",
      '"\\q hunter2"',
      "|hunter2\n x",
      "%hunter2",
      "hunter2\n hunter2: 1",
    ]) {
      const lines = errorLinesOf(`clickhouse:\n  password: ${password}\nlog: {level: wrong}`);
      expect(lines.length, password).toBeGreaterThan(1);
      expect(lines.join("\n")).not.toContain("hunter2");
    }
  });
});
