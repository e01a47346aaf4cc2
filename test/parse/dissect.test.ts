import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePattern } from "../../processors/parse/dissect-pattern.ts";
import { compilePatterns } from "../../processors/parse/dissect-targets.ts";
import { durationUs } from "../../processors/parse/duration-text.ts";
import { lineOf } from "../support/fill-layout.ts";
import { makeRandom, pick } from "../support/make-lines.ts";
import { makeOwn, makeOwnParser, rowOf } from "../support/make-own-format.ts";
import { rowsOf } from "../support/make-records.ts";

const attributesOf = (line: string, ...rest: [string | string[], object?]) =>
  Object.fromEntries((rowOf(line, ...rest)?.["attributes"] ?? []) as [string, string][]);

describe("a pattern", () => {
  it("cuts a line at its delimiters, the last key taking the rest", () => {
    expect(attributesOf("a b c d", "%{x} %{y} %{z}")).toEqual({ x: "a", y: "b", z: "c d" });
    expect(attributesOf("<a>, b;", "<%{x}>, %{y};")).toEqual({ x: "a", y: "b" });
    expect(attributesOf("a]b]", "%{x}]")).toEqual({ x: "a]b" });
    expect(rowOf("a b", "%{x} %{y} %{z}")).toBeNull();
    expect(rowOf("(a)b", "(%{x})")).toBeNull();
  });

  it("keeps empty values as they are", () => {
    expect(attributesOf("a,,c", "%{x},%{y},%{z}")).toEqual({ x: "a", y: "", z: "c" });
  });

  it("skips %{} and %{?name}", () => {
    expect(attributesOf("a b c", "%{x} %{} %{z}")).toEqual({ x: "a", z: "c" });
    expect(attributesOf("a b c", "%{?x} %{y} %{?z}")).toEqual({ y: "b" });
    // What is skipped may be different in every line: layouts must not hold it.
    const [pid, none] = rowsOf(makeOwnParser("%{x} %{} %{z}")(["a 77 c", "a - c"]));
    expect(pid).toMatchObject({ line_kept: "a 77 c" });
    expect(none).not.toHaveProperty("line_kept");
  });

  it("puts %{+key} together, in order", () => {
    expect(attributesOf("a b c", "%{x} %{+x} %{z}")).toEqual({ x: "a b", z: "c" });
    expect(attributesOf("a b c", "%{+x/2} %{+x/1} %{z}")).toEqual({ x: "b a", z: "c" });
    expect(attributesOf("a-b c", "%{x}-%{+x} %{z}")).toEqual({ x: "a b", z: "c" });
    expect(attributesOf("a-b c", "%{x}-%{+x} %{z}", { appendSeparator: "/" })).toEqual({ x: "a/b", z: "c" });
    expect(attributesOf("a b", "%{+x} %{+x}", { appendSeparator: "" })).toEqual({ x: "ab" });
  });

  it("takes repeated delimiters for one with ->, and drops the spaces before them", () => {
    expect(attributesOf("a    b", "%{x->} %{y}")).toEqual({ x: "a", y: "b" });
    expect(attributesOf("[a   ] b", "[%{x->}] %{y}")).toEqual({ x: "a", y: "b" });
    expect(attributesOf("   a b", "%{->} %{x} %{y}")).toEqual({ x: "a", y: "b" });
    expect(attributesOf("a---", "%{x->}-")).toEqual({ x: "a" });
  });

  it("names a value by another with %{*name} or %{?name}, and %{&name}", () => {
    expect(attributesOf("a=1 b=2", "%{*p}=%{&p} %{?q}=%{&q}")).toEqual({ a: "1", b: "2" });
  });

  it("is tried in the order of the list", () => {
    const patterns = ["%{x|int} %{y}", "%{z}"];
    expect(attributesOf("1 a", patterns)).toEqual({ x: "1", y: "a" });
    expect(attributesOf("b a", patterns)).toEqual({ z: "b a" });
  });

  it.each([
    ["no key", "no %{key}"],
    ["%{a", "no closing }"],
    ["%{a}%{b}", "nothing stands before"],
    ["%{a} %{a}", "occurs twice"],
    ["%{*a} x", "has no %{&a}"],
    ["%{&a} x", "has no %{*a}"],
    ["%{a b} x", "needs a name"],
    ["%{a/2} x", "has an order"],
    ["%{a->}", "nothing stands behind"],
    ["%{?a|int} x", "can't have a type"],
  ])("%s is refused", (pattern, what) => {
    expect(parsePattern(pattern)).toContain(what);
  });

  it.each([
    [makeOwn("%{a|number}"), "number is no type"],
    [makeOwn("%{date} %{time}"), "both go to timestamp"],
    [makeOwn("%{a}", { columns: { a: "user" } }), null],
    [makeOwn("%{a} %{user}", { columns: { a: "user" } }), "both go to"],
    [makeOwn("%{a}", { columns: { b: "user" } }), "no pattern has this key"],
    [makeOwn("%{a}", { columns: { a: "usr" } }), "usr is no known field"],
    [makeOwn("%{a}", { severities: { x: "bad" } }), "no known severity"],
    [makeOwn("%{a}", { timeFormats: ["%Q"] }), "%Q is no directive"],
  ])("is checked with what belongs to it: %#", (own, what) => {
    const { problems } = compilePatterns(own);
    if (what === null) expect(problems).toEqual([]);
    else expect(problems.map((problem) => problem.what).join()).toContain(what);
  });
});

describe("a value", () => {
  it("goes to the column that its key names, as in JSON", () => {
    expect(
      rowOf(
        "198.51.100.7 ann 2024-02-29T10:05:03.25Z GET /a?b=c 200 17 0.5 hello",
        "%{client.address} %{user.id} %{time} %{http.request.method} %{url} %{status} %{bytes_sent} %{request_time} %{msg}",
      ),
    ).toEqual({
      timestamp: "2024-02-29T10:05:03.250000Z",
      time_source: 1,
      client_address: "198.51.100.7",
      user_id: "ann",
      http_request_method: "GET",
      url_path: "/a",
      url_query: "b=c",
      http_response_status_code: 200,
      http_response_body_size: 17,
      duration_us: 500_000,
      body: "hello",
    });
  });

  it("goes where columns says", () => {
    const columns = { who: "user.id", status: "attributes.state" };
    expect(rowOf("ann up", "%{who} %{status}", { columns })).toMatchObject({
      user_id: "ann",
      attributes: [["state", "up"]],
    });
  });

  it.each([
    ["int", ["0", "-7", "+7", "007", "-", ""], ["x", "1.5", "1e3", "--1"]],
    ["float", ["0", "-7.5", ".5", "1e3", "-", ""], ["x", "1.5.2", "e3"]],
    ["word", ["a", "-", "a.b"], ["", "a b"]],
    ["ms", ["12", "12.5", "-"], ["12ms", "x"]],
    ["duration", ["12ms", "1m30s", "00:01:02.5", "1.5", "-"], ["soon", "12 parsecs"]],
    ["time", ["2024-02-29T10:05:03Z", "29/Feb/2024:10:05:03 +0100", "-"], ["soon"]],
    ["text", ["", "anything at all"], []],
  ])("of type %s must be one, or nothing", (type, good, bad) => {
    for (const value of good) expect(rowOf(`<${value}>`, `<%{k|${type}}>`), value).not.toBeNull();
    for (const value of bad) expect(rowOf(`<${value}>`, `<%{k|${type}}>`), value).toBeNull();
  });

  it("of a column may be - or empty, which is none", () => {
    expect(rowOf("- -  -", "%{user} %{status} %{time} %{level}")).toEqual({
      timestamp: "2026-11-24T12:00:00.000000Z",
      time_source: 2,
    });
  });

  it("that does not fit the column its key names is an attribute", () => {
    expect(rowOf("up", "%{status}")).toMatchObject({ attributes: [["status", "up"]] });
  });

  it("of severity may be a word of the format's own", () => {
    const severities = { N: "notice", "3": "error" };
    expect(rowOf("N", "%{level}", { severities })).toMatchObject({ severity_text: "N", severity_number: 10 });
    expect(rowOf("3", "%{level}", { severities })).toMatchObject({ severity_text: "3", severity_number: 17 });
    expect(rowOf("warn", "%{level}", { severities })).toMatchObject({ severity_text: "warn", severity_number: 13 });
  });

  it.each([
    ["250ms", 250_000],
    ["1.5s", 1_500_000],
    ["1h2m3s", 3_723_000_000],
    ["0:01:02.5", 62_500_000],
    ["2:03", 123_000_000],
    ["1.5", 1_500_000],
    ["15\xc2\xb5s", 15],
    ["1 min", 60_000_000],
    ["", Number.NaN],
    ["ms", Number.NaN],
    ["1s x", Number.NaN],
  ])("of duration reads %s", (text, us) => {
    expect(durationUs(text)).toBe(us);
  });
});

describe("a line that does not fit", () => {
  it("is a dead letter that says where, and holds nothing of the line in its reason", () => {
    const batch = makeOwnParser(["%{a}, %{b|int}", "<%{c}>"])(["secret, secret"]);
    expect(batch.deadLetters).toMatchObject([
      {
        code: "PARSE_NOT_OWN_FORMAT",
        reason: "The line is not of the declared format own. Pattern 1, byte 9: %{b} is no int.",
        payload: "secret, secret",
      },
    ]);
  });
});

const FORMS: [string | string[], object?][] = [
  [
    "%{time} %{level->} [%{thread}] %{logger} - %{msg}",
    { timeFormats: ["%Y-%m-%dT%H:%M:%S.%f%z", "%H:%M:%S %d.%m.%Y"] },
  ],
  ["%{time} %{+time} %{level} %{} %{*k}=%{&k} %{msg}"],
  [
    '%{client.ip} - %{user} [%{time}] "%{method} %{url} HTTP/%{http.version}" %{status|int} %{size|int}',
    { timeFormats: ["%d/%b/%Y:%H:%M:%S %z"] },
  ],
  [["%{a|int}|%{took|ms}|%{+b/2}|%{+b/1}", "%{c->};%{d}"], { severities: { x: "warn" } }],
];

function makeFitting(seed: number, count: number): string[] {
  const random = makeRandom(seed);
  const word = () =>
    pick(random, [
      "a",
      "GET",
      "-",
      "",
      "x;y",
      "200",
      "7",
      "1.5",
      "info",
      "/a?b",
      "2024-02-29T10:05:03Z",
      "2024-02-29T10:05:03.250+0100",
      "29/Feb/2024:10:05:03 +0100",
      "10:00:00 29.02.2024",
      "\xff",
      "\x01",
      "  ",
      "k=v",
      "msg",
    ]);
  return Array.from({ length: count }, () =>
    pick(random, [
      () => `${word()} ${word()}   [${word()}] ${word()} - ${word()}`,
      () => `${word()} ${word()} ${word()} ${word()} ${word()}=${word()} ${word()}`,
      () => `${word()} - ${word()} [${word()}] "${word()} ${word()} HTTP/${word()}" ${word()} ${word()}`,
      () => `${word()}|${word()}|${word()}|${word()}`,
      () => `${word()};;;${word()}`,
    ])(),
  );
}

describe.each(FORMS)("lines of %j", (dissect, over) => {
  const lines = makeFitting(5, 600);

  it("come back byte for byte", () => {
    const batch = makeOwnParser(dissect, over)(lines);
    for (let row = 0; row < batch.rows; row++) expect(lineOf(batch, row)).toBe(lines[batch.record[row]]);
    expect(batch.rows).toBeGreaterThan(10);
  });

  it("are parsed as they are parsed alone, whatever was parsed before", () => {
    const parse = makeOwnParser(dissect, over);
    const together = [...rowsOf(parse(lines.slice(0, 300))), ...rowsOf(parse(lines.slice(300)))];
    const alone = lines.flatMap((line) => rowsOf(makeOwnParser(dissect, over)([line])));
    expect(together).toEqual(alone);
  });
});

describe("any pattern over any line", () => {
  it("gives one row or one dead letter, and the line back", () => {
    const part = fc.constantFrom(
      "%{a}",
      "%{b|int}",
      "%{}",
      "%{+a}",
      "%{time}",
      "%{c->}",
      "%{msg}",
      " ",
      "  ",
      "-",
      "x",
      "%{",
      "}",
      "\xff",
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.string({ unit: fc.constantFrom(..." -x1\xff\x01%{}ab") }),
        (parts, line) => {
          const own = makeOwn(parts.join(""));
          if (compilePatterns(own).problems.length > 0 || !/[^ \t\r\n]/.test(line)) return;
          const batch = makeOwnParser(own.patterns)([line]);
          expect(batch.rows + batch.deadLetters.length).toBe(1);
          if (batch.rows === 1) expect(lineOf(batch, 0)).toBe(line);
        },
      ),
      { seed: 11, numRuns: 2000 },
    );
  });
});
