import { describe, expect, it } from "vitest";
import { makeParser, rowsOf } from "../support/make-records.ts";

const parse = (format: string, line: string) => rowsOf(makeParser({ format })([line]))[0];

describe("nginx's error log", () => {
  const head = "2026/03/02 12:00:01 [error] 31#31: *9 ";

  it("keeps a message whole that goes on with something unknown", () => {
    const body = "said, client: 198.51.100.1, color: blue";
    expect(parse("nginx_error", head + body)).toMatchObject({ body });
  });

  it("takes a request that is none as it stands", () => {
    const line = `${head}bad, client: 198.51.100.1, server: a, request: "\\x16\\x03"`;
    expect(parse("nginx_error", line)["attributes"]).toContainEqual(["request", "\\x16\\x03"]);
  });
});

describe("Apache's error log", () => {
  it.each([
    ["[client 2001:db8::1]", "2001:db8::1", "of 2.2: no port"],
    ["[pid 1] [client 2001:db8::1:80]", "2001:db8::1", "of 2.4: the port comes last"],
    ["[client 198.51.100.7:80]", "198.51.100.7", "one colon"],
  ])("has in %s the client %s: %s", (client, address) => {
    const row = parse("apache_error", `[Mon Mar 02 12:00:01 2026] [error] ${client} x`);
    expect(row).toMatchObject({ client_address: address, body: "x", format: "apache_error" });
  });
});
