import { describe, expect, it } from "vitest";
import { lineOf } from "../support/fill-layout.ts";
import { makeParser, type Row, rowsOf } from "../support/make-records.ts";

/** The columns of a line apart from how it is given back; null: it is not logfmt. */
function columnsOf(line: string): Row | null {
  const batch = makeParser({ format: "logfmt", isDeclared: true })([line]);
  if (batch.rows === 0) return null;
  expect(lineOf(batch, 0)).toBe(line);
  const { line_layout, line_kept, format, ...columns } = rowsOf(batch)[0];
  if (columns["time_source"] === 2) delete columns["timestamp"];
  return columns;
}

describe("logfmt", () => {
  it("knows the fields that have a column", () => {
    const line = 'ts=2024-02-29T01:02:03.5Z level=error msg="no such file" service=cart duration_ms=1.5 status=404 k=v';
    expect(columnsOf(line)).toEqual({
      timestamp: "2024-02-29T01:02:03.500000Z",
      time_source: 1,
      severity_text: "error",
      severity_number: 17,
      body: "no such file",
      service_name: "cart",
      duration_us: 1500,
      http_response_status_code: 404,
      attributes: [["k", "v"]],
    });
  });

  it.each<[string, string, unknown]>([
    [
      "an empty value",
      "k= l=1",
      [
        ["k", ""],
        ["l", "1"],
      ],
    ],
    [
      "an empty value at the end",
      "k=1 l=",
      [
        ["k", "1"],
        ["l", ""],
      ],
    ],
    [
      "an empty value in quotes",
      'k="" l=1',
      [
        ["k", ""],
        ["l", "1"],
      ],
    ],
    [
      "spaces between and around",
      "  k=1   l=2  ",
      [
        ["k", "1"],
        ["l", "2"],
      ],
    ],
    [
      "an equals sign in a value",
      "k=a=b l==",
      [
        ["k", "a=b"],
        ["l", "="],
      ],
    ],
    [
      "escapes in quotes",
      'k="a\\"b\\\\c\\n" l=1',
      [
        ["k", 'a"b\\c\n'],
        ["l", "1"],
      ],
    ],
    [
      "an escape that is none, as it stands",
      'k="C:\\x" l=1',
      [
        ["k", "C:\\x"],
        ["l", "1"],
      ],
    ],
    [
      "a backslash without quotes, as it stands",
      "k=C:\\x l=1",
      [
        ["k", "C:\\x"],
        ["l", "1"],
      ],
    ],
    [
      "a key twice",
      "k=1 k=2",
      [
        ["k", "1"],
        ["k", "2"],
      ],
    ],
    [
      "__proto__",
      "__proto__=1 l=2",
      [
        ["__proto__", "1"],
        ["l", "2"],
      ],
    ],
    [
      "any bytes",
      "k=\xff\x00 l=\xc3\xa9",
      [
        ["k", "\xff\x00"],
        ["l", "\xc3\xa9"],
      ],
    ],
    [
      "U+0001",
      "k=a\x01b l=1",
      [
        ["k", "a\x01b"],
        ["l", "1"],
      ],
    ],
  ])("reads %s", (_, line, attributes) => {
    expect(columnsOf(line)).toEqual({ time_source: 2, attributes });
  });

  it.each([
    ["k=1", "one pair is too few"],
    ["the user said k=1 l=2", "words around the pairs"],
    ["k=1 word l=2", "a word between"],
    ['k="1 l=2', "an open quote"],
    ['k="1"x l=2', "something behind a quote"],
    ['k=a"b l=2', "a quote inside"],
    ['k=1 l="x\\', "an escape that is cut off"],
    ["=1 l=2", "no key"],
    ["k=1\tl=2 m", "a tab between"],
  ])("refuses %j: %s", (line) => {
    expect(columnsOf(line)).toBeNull();
  });
});
