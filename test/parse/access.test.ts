import { describe, expect, it } from "vitest";
import { lineOf } from "../support/fill-layout.ts";
import { makeParser, type Row, rowsOf } from "../support/make-records.ts";

/** The columns of a line apart from how it is given back; null: it is not of the format. */
function columnsOf(format: string, line: string): Row | null {
  const batch = makeParser({ format, isDeclared: true })([line]);
  if (batch.rows === 0) return null;
  expect(lineOf(batch, 0)).toBe(line);
  const { line_layout, line_kept, format: name, ...columns } = rowsOf(batch)[0];
  expect(name).toBe(format);
  return columns;
}

const AT = "[17/May/2015:10:05:03 +0000]";
const TIME = { timestamp: "2015-05-17T10:05:03.000000Z", time_source: 1 };
const GET = { http_request_method: "GET", url_path: "/a", network_protocol_version: "1.1" };
const OK = { http_response_status_code: 200, severity_number: 9, http_response_body_size: 23 };
const PLAIN = `198.51.100.7 - - ${AT} "GET /a HTTP/1.1" 200 23`;
const CLIENT = { client_address: "198.51.100.7" };

describe("common", () => {
  const request = (text: string) => columnsOf("common", `h - - ${AT} "${text}" 200 23`);
  const rest = { ...TIME, ...OK, client_address: "h" };

  it.each<[string, string, Row]>([
    ["a full line", PLAIN, { ...TIME, ...CLIENT, ...GET, ...OK }],
    ["a user", `h - ann ${AT} "GET /a HTTP/1.1" 200 23`, { ...rest, ...GET, user_id: "ann" }],
    ["a user with a space", `h - a b ${AT} "GET /a HTTP/1.1" 200 23`, { ...rest, ...GET, user_id: "a b" }],
    ["an ident", `h id - ${AT} "GET /a HTTP/1.1" 200 23`, { ...rest, ...GET, attributes: [["ident", "id"]] }],
    [
      "no size",
      `h - - ${AT} "GET /a HTTP/1.1" 304 -`,
      { ...TIME, client_address: "h", ...GET, http_response_status_code: 304, severity_number: 9 },
    ],
    [
      "no size and no dash",
      `h - - ${AT} "GET /a HTTP/1.1" 404`,
      { ...TIME, client_address: "h", ...GET, http_response_status_code: 404, severity_number: 13 },
    ],
    [
      "no status",
      `h - - ${AT} "GET /a HTTP/1.1" - 23`,
      { ...TIME, client_address: "h", ...GET, http_response_body_size: 23 },
    ],
    [
      "a server error",
      `h - - ${AT} "GET /a HTTP/1.1" 503 23`,
      { ...rest, ...GET, http_response_status_code: 503, severity_number: 17 },
    ],
    [
      "a leap day",
      `h - - [29/Feb/2024:00:00:00 +0000] "GET /a HTTP/1.1" 200 23`,
      { ...rest, ...GET, timestamp: "2024-02-29T00:00:00.000000Z" },
    ],
    [
      "a zone east",
      `h - - [01/Jan/2024:00:00:00 +0530] "GET /a HTTP/1.1" 200 23`,
      { ...rest, ...GET, timestamp: "2023-12-31T18:30:00.000000Z" },
    ],
    [
      "a zone west",
      `h - - [31/Dec/2023:20:00:00 -0800] "GET /a HTTP/1.1" 200 23`,
      { ...rest, ...GET, timestamp: "2024-01-01T04:00:00.000000Z" },
    ],
  ])("reads %s", (_, line, columns) => {
    expect(columnsOf("common", line)).toEqual(columns);
  });

  it("splits the request at its first and last space, and the target at its first question mark", () => {
    const method = { http_request_method: "GET" };
    expect(request("GET /a?b=?c HTTP/2.0")).toEqual({
      ...rest,
      ...method,
      url_path: "/a",
      url_query: "b=?c",
      network_protocol_version: "2.0",
    });
    expect(request("GET /a b HTTP/1.1")).toEqual({
      ...rest,
      ...method,
      url_path: "/a b",
      network_protocol_version: "1.1",
    });
    expect(request("GET /a")).toEqual({ ...rest, ...method, url_path: "/a" });
    expect(request("GET /? HTTP/")).toEqual({ ...rest, ...method, url_path: "/" });
    expect(request('GET /\\"x HTTP/1.1')).toEqual({
      ...rest,
      ...method,
      url_path: '/\\"x',
      network_protocol_version: "1.1",
    });
  });

  it("keeps a request that is none as an attribute", () => {
    for (const text of ["-", "", "\\x16\\x03\\x01", "GET", "GET  HTTP/1.1", " /a HTTP/1.1", "G3T /a HTTP/1.1", "\x01"])
      expect(request(text)).toEqual({ ...rest, attributes: [["request", text]] });
  });

  it.each([
    ["", "nothing"],
    [`h - ${AT} "GET /a HTTP/1.1" 200 23`, "a field too few"],
    [`h - -  ${AT} "GET /a HTTP/1.1" 200 23 x`, "something behind the size"],
    [`h - - [30/Feb/2024:00:00:00 +0000] "GET /a HTTP/1.1" 200 23`, "an impossible day"],
    [`h - - [29/Feb/2023:00:00:00 +0000] "GET /a HTTP/1.1" 200 23`, "no leap year"],
    [`h - - [01/jan/2024:00:00:00 +0000] "GET /a HTTP/1.1" 200 23`, "a month in small letters"],
    [`h - - [01/Jan/2024:24:00:00 +0000] "GET /a HTTP/1.1" 200 23`, "hour 24"],
    [`h - - [01/Jan/2024:00:00:60 +0000] "GET /a HTTP/1.1" 200 23`, "second 60"],
    [`h - - [01/Jan/2024:00:00:00 0000] "GET /a HTTP/1.1" 200 23`, "a zone without sign"],
    [`h - - ${AT} "GET /a HTTP/1.1 200 23`, "an open quote"],
    [`h - - ${AT} "GET /a HTTP/1.1" 99 23`, "a status below 100"],
    [`h - - ${AT} "GET /a HTTP/1.1" 1000 23`, "a status above 999"],
    [`h - - ${AT} "GET /a HTTP/1.1" 200 023`, "a size with a leading zero"],
    [`h - - ${AT} "GET /a HTTP/1.1" 200 1234567890123456`, "a size beyond what a double holds"],
    [`h - - ${AT} "GET /a HTTP/1.1" 200 -1`, "a negative size"],
    [`${PLAIN} "-" "x"`, "a combined line"],
  ])("refuses %j: %s", (line) => {
    expect(columnsOf("common", line)).toBeNull();
  });
});

describe("combined", () => {
  const base = { ...TIME, ...CLIENT, ...GET, ...OK };

  it.each<[string, string, Row]>([
    [
      "referrer and agent",
      ' "http://example.com/" "curl/8.1"',
      { http_request_referrer: "http://example.com/", user_agent_original: "curl/8.1" },
    ],
    ["dashes", ' "-" "-"', {}],
    ["empty quotes", ' "" ""', {}],
    ["an agent with an escaped quote", ' "-" "a \\" b"', { user_agent_original: 'a \\" b' }],
    ["an agent that ends with a backslash", ' "-" "a\\\\"', { user_agent_original: "a\\\\" }],
    ["an agent in UTF-8 and in other bytes", ' "-" "\xc3\xa9\xff\x00"', { user_agent_original: "\xc3\xa9\xff\x00" }],
    ["a line cut in the agent", ' "-" "Mozilla/5.0 (', { user_agent_original: "Mozilla/5.0 (" }],
    ["a line cut in the referrer", ' "http://exa', { http_request_referrer: "http://exa" }],
    ["a line without both", "", {}],
    ["seconds behind the agent", ' "-" "-" 0.25', { duration_us: 250_000, attributes: [["extra", " 0.25"]] }],
    ["microseconds behind the agent", ' "-" "-" 250', { duration_us: 250, attributes: [["extra", " 250"]] }],
    ["seconds in quotes", ' "-" "-" "1.5"', { duration_us: 1_500_000, attributes: [["extra", ' "1.5"']] }],
    ["anything else behind the agent", ' "-" "-" rt=1 ua=2', { attributes: [["extra", " rt=1 ua=2"]] }],
    ["something instead of a referrer", " x", { attributes: [["extra", " x"]] }],
  ])("reads %s", (_, rest, columns) => {
    expect(columnsOf("combined", PLAIN + rest)).toEqual({ ...base, ...columns });
  });

  it("keeps a line with U+0001 in it, which would be taken for a slot", () => {
    const batch = makeParser({ format: "combined" })([`${PLAIN} "-" "a\x01b"`, `${PLAIN} "-" "ab"`]);
    expect([0, 1].map((row) => batch.line_kept.get(row))).toEqual([`${PLAIN} "-" "a\x01b"`, ""]);
  });
});

describe("vhost_combined", () => {
  it("reads the server and its port in front", () => {
    const attributes = [
      ["server.address", "shop.example"],
      ["server.port", "443"],
    ];
    const expected = { ...TIME, ...CLIENT, ...GET, ...OK, attributes };
    expect(columnsOf("vhost_combined", `shop.example:443 ${PLAIN} "-" "-"`)).toEqual(expected);
  });

  it.each([PLAIN, `shop.example ${PLAIN}`, `:443 ${PLAIN}`, `shop.example:https ${PLAIN}`, `shop.example: ${PLAIN}`])(
    "refuses %j, which has none",
    (line) => {
      expect(columnsOf("vhost_combined", line)).toBeNull();
    },
  );
});
