import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromByteText, toByteText } from "../../processors/model/record.ts";
import { lineOf } from "../support/fill-layout.ts";
import { makeParser, type Row, rowsOf } from "../support/make-records.ts";

/** The columns of a line apart from how it is given back; null: it is no JSON line. */
function columnsOf(line: string): Row | null {
  const batch = makeParser({ format: "json", isDeclared: true })([line]);
  if (batch.rows === 0) return null;
  expect(lineOf(batch, 0)).toBe(line);
  const { line_layout, line_kept, format, ...columns } = rowsOf(batch)[0];
  if (columns["time_source"] === 2) delete columns["timestamp"];
  return columns;
}

const attributesOf = (line: string) => columnsOf(line)?.["attributes"];

/** What flattening must give: dotted keys, arrays and what is deeper than 16 as text, null absent. */
function flattened(value: object, prefix = "", depth = 0): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    const name = prefix + key;
    if (inner === null) return [];
    if (typeof inner === "object" && !Array.isArray(inner) && depth < 16)
      return flattened(inner, `${name}.`, depth + 1);
    return [[name, typeof inner === "string" ? inner : JSON.stringify(inner)]];
  });
}

describe("flattening", () => {
  // Keys that stand for no column, so that every value becomes an attribute.
  const key = fc
    .oneof(fc.constantFrom("k", "a.b", "é", '"', "\\", " ", "x1", "\u0001"), fc.string({ unit: "binary" }))
    .map((text) => `k_${text}`);
  // A lone surrogate can't be written in UTF-8; those have a test of their own.
  const text = fc.string({ unit: "binary" });
  const number = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
  );
  const { object } = fc.letrec<{ value: unknown; object: object }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      number,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("object"),
    ),
    object: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  }));

  it("gives what a walk over the object gives, on one parser for all objects", () => {
    const parse = makeParser({ format: "json", isDeclared: true });
    fc.assert(
      fc.property(object, (value) => {
        const line = toByteText(JSON.stringify(value));
        const expected = flattened(value);
        const batch = parse([line]);
        expect(batch.rows).toBe(expected.length === 0 ? 0 : 1);
        if (batch.rows === 0) return;
        const attributes = rowsOf(batch)[0]["attributes"] as [string, string][];
        expect(attributes.map((entry) => entry.map(fromByteText))).toEqual(expected);
        expect(lineOf(batch, 0)).toBe(line);
      }),
      { seed: 3, numRuns: 1500 },
    );
  });
});

describe("values of a JSON line", () => {
  it.each<[string, string, unknown]>([
    ["an integer beyond 2^53", '{"k":12345678901234567890}', [["k", "12345678901234567890"]]],
    ["a fraction with zeros behind", '{"k":1.500}', [["k", "1.500"]]],
    ["an exponent", '{"k":-1E+400}', [["k", "-1E+400"]]],
    [
      "true and false",
      '{"k":true,"l":false}',
      [
        ["k", "true"],
        ["l", "false"],
      ],
    ],
    ["null, which says nothing", '{"k":null,"l":1}', [["l", "1"]]],
    ["the empty text", '{"k":""}', [["k", ""]]],
    ["an empty object, which says nothing", '{"k":{},"l":1}', [["l", "1"]]],
    ["an empty array", '{"k":[]}', [["k", "[]"]]],
    ["an array with brackets in texts", '{"k":["]","}\\"",{"a":[1]}]}', [["k", '["]","}\\"",{"a":[1]}]']]],
    ["nested objects", '{"k":{"l":{"m":1}}}', [["k.l.m", "1"]]],
    [
      "a key twice",
      '{"k":1,"k":2}',
      [
        ["k", "1"],
        ["k", "2"],
      ],
    ],
    [
      "a key twice by nesting",
      '{"k.l":1,"k":{"l":2}}',
      [
        ["k.l", "1"],
        ["k.l", "2"],
      ],
    ],
    [
      "__proto__ and its kin",
      '{"__proto__":1,"constructor":2}',
      [
        ["__proto__", "1"],
        ["constructor", "2"],
      ],
    ],
    ["the empty key", '{"":1}', [["", "1"]]],
    ["escapes", '{"k":"\\"\\\\\\/\\b\\f\\n\\r\\t"}', [["k", '"\\/\b\f\n\r\t']]],
    ["escaped characters as UTF-8", '{"k":"\\u00e9\\ud83d\\ude00"}', [["k", "\xc3\xa9\xf0\x9f\x98\x80"]]],
    [
      "lone surrogates, which UTF-8 can't hold",
      '{"k":"\\ud83dx\\ude00","l":"\\ud83d\\u0041"}',
      [
        ["k", "\\ud83dx\\ude00"],
        ["l", "\\ud83dA"],
      ],
    ],
    ["an escaped NUL and U+0001", '{"k":"\\u0000\\u0001"}', [["k", "\x00\x01"]]],
    ["an escape in a key", '{"k\\u0041":1}', [["kA", "1"]]],
    ["invalid UTF-8 and NUL", '{"k":"\xff\xc3\x00"}', [["k", "\xff\xc3\x00"]]],
    ["U+0001 as it is", '{"k":"a\x01b"}', [["k", "a\x01b"]]],
    ["white space around", ' \t{ "k" : 1 } \t', [["k", "1"]]],
    ["a byte order mark", '\xef\xbb\xbf{"k":1}', [["k", "1"]]],
  ])("keep %s", (_, line, attributes) => {
    expect(attributesOf(line)).toEqual(attributes);
  });

  it("are text from the seventeenth level on", () => {
    const deep = (levels: number) => `${'{"k":'.repeat(levels)}1${"}".repeat(levels)}`;
    expect(attributesOf(deep(17))).toEqual([["k.".repeat(17).slice(0, -1), "1"]]);
    expect(attributesOf(deep(18))).toEqual([["k.".repeat(17).slice(0, -1), '{"k":1}']]);
  });

  it("may be nested a hundred thousand deep", () => {
    const array = "[".repeat(100_000) + "]".repeat(100_000);
    expect(attributesOf(`{"k":${array}}`)).toEqual([["k", array]]);
    expect(columnsOf(`{"k":${"[".repeat(100_000)}}`)).toBeNull();
    expect(columnsOf('{"k":'.repeat(100_000))).toBeNull();
  });

  it("are refused beyond a thousand", () => {
    const object = (fields: number) => `{${Array.from({ length: fields }, (_, i) => `"k${i}":1`).join()}}`;
    expect(attributesOf(object(1000))).toHaveLength(1000);
    expect(columnsOf(object(1001))).toBeNull();
  });

  it.each([
    "",
    "{",
    "{}",
    "[]",
    '"x"',
    "1",
    "null",
    '{"k"}',
    '{"k":}',
    '{"k":1',
    '{"k":1,}',
    '{"k":1,,"l":2}',
    "{k:1}",
    "{'k':1}",
    '{"k":01}',
    '{"k":1.}',
    '{"k":+1}',
    '{"k":NaN}',
    '{"k":nul}',
    '{"k":"x}',
    '{"k":"\\x"}',
    '{"k":"\\u12"}',
    '{"k":"\\"}',
    '{"k":1}x',
    '{"k":1}{"l":2}',
    '{"k":1]',
    '{"k":null}',
    'x{"k":1}',
  ])("are not read out of %j", (line) => {
    expect(columnsOf(line)).toBeNull();
  });
});

describe("fields with a column", () => {
  it("are known by OpenTelemetry's, ECS's and pino's names, and by those that people use", () => {
    const line =
      '{"@timestamp":"2024-02-29T01:02:03.004Z","log.level":"warn","message":"hi","service":{"name":"cart"},"trace.id":"0af7651916cd43dd8448eb211c80319c",' +
      '"span_id":"b7ad6b7169203331","http":{"request":{"method":"GET"},"response":{"status_code":404,"body":{"bytes":12}}},"url":{"path":"/a","query":"b"},' +
      '"client":{"ip":"198.51.100.7"},"user":{"id":"ann"},"event.duration":1500000,"user_agent":{"original":"curl/8"},"host":{"name":"web-1"}}';
    expect(columnsOf(line)).toEqual({
      timestamp: "2024-02-29T01:02:03.004000Z",
      time_source: 1,
      severity_text: "warn",
      severity_number: 13,
      body: "hi",
      service_name: "cart",
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      span_id: "b7ad6b7169203331",
      http_request_method: "GET",
      http_response_status_code: 404,
      http_response_body_size: 12,
      url_path: "/a",
      url_query: "b",
      client_address: "198.51.100.7",
      user_id: "ann",
      duration_us: 1500,
      user_agent_original: "curl/8",
      host_name: "web-1",
    });
    const pino =
      '{"level":50,"time":1709168523004,"pid":1,"hostname":"h","req":{"method":"GET","url":"/a?b"},"res":{"statusCode":500},"responseTime":12.5,"msg":"x"}';
    expect(columnsOf(pino)).toEqual({
      timestamp: "2024-02-29T01:02:03.004000Z",
      time_source: 1,
      severity_number: 17,
      body: "x",
      host_name: "h",
      http_request_method: "GET",
      http_response_status_code: 500,
      url_path: "/a",
      url_query: "b",
      duration_us: 12_500,
      attributes: [["pid", "1"]],
    });
  });

  it.each<[string, string, Row]>([
    [
      "the better known name of two has the column, wherever it stands",
      '{"msg":"a","message":"b"}',
      { body: "b", attributes: [["msg", "a"]] },
    ],
    ["a status that is none is an attribute", '{"status":"ok"}', { attributes: [["status", "ok"]] }],
    [
      "a trace id in capitals is an attribute",
      '{"trace_id":"0AF7651916CD43DD8448EB211C80319C"}',
      { attributes: [["trace_id", "0AF7651916CD43DD8448EB211C80319C"]] },
    ],
    [
      "an empty service is an attribute, because the source's name takes its column",
      '{"service":""}',
      { attributes: [["service", ""]] },
    ],
    [
      "a level in tens does not overrule a severity number",
      '{"severity_number":17,"level":30}',
      { severity_number: 17, attributes: [["level", "30"]] },
    ],
    [
      "a level's name does not overrule a level in tens",
      '{"level":30,"severity":"error"}',
      { severity_number: 9, severity_text: "error" },
    ],
    [
      "a level in tens overrules a level's name",
      '{"severity":"error","level":30}',
      { severity_number: 9, severity_text: "error" },
    ],
    [
      "an address has its path",
      '{"url":"http://example.com/a?b"}',
      { url_path: "/a", url_query: "b", attributes: [["url", "http://example.com/a?b"]] },
    ],
    [
      "an address goes before a query of its own",
      '{"url.query":"x","url":"/a?b"}',
      { url_path: "/a", url_query: "b", attributes: [["url.query", "x"]] },
    ],
    [
      "a query after an address stays out",
      '{"url":"/a?b","url.query":"x"}',
      { url_path: "/a", url_query: "b", attributes: [["url.query", "x"]] },
    ],
    [
      "a duration finer than a microsecond is rounded and kept",
      '{"duration_ms":0.0015}',
      { duration_us: 2, attributes: [["duration_ms", "0.0015"]] },
    ],
  ])("%s", (_, line, columns) => {
    expect(columnsOf(line)).toEqual({ time_source: 2, ...columns });
  });
});
