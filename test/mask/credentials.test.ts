import { describe, expect, it } from "vitest";
import { kinds } from "./make-mask.ts";

function base64(text: string): string {
  return Buffer.from(text).toString("base64url");
}
const jwt = `${base64('{"alg":"HS256","typ":"JWT"}')}.${base64('{"sub":"42"}')}.c2lnbmF0dXJl-_`;

describe("JSON web tokens", () => {
  it.each([
    [`got ${jwt}, next`, "got <jwt>, next"],
    [`/cb?t=${jwt}&x=1`, "/cb?t=<jwt>&x=1"],
    [`/cb?u=%2F%3Ft%3D${jwt}`, "/cb?u=%2F%3Ft%3D<jwt>"],
    [`{"t":"${jwt}"}`, '{"t":"<jwt>"}'],
    [`${base64('{"alg":"dir","enc":"A128GCM"}')}..aXY.dGV4dA.dGFn`, "<jwt>"],
    [`${base64('{"alg":"RSA-OAEP"}')}.a2V5.aXY.dGV4dA.dGFn`, "<jwt>"],
    [`${base64('{"alg":"none"}')}.e30.`, "<jwt>"],
  ])("%s becomes %s", (text, masked) => expect(kinds(text)).toBe(masked));

  it.each([
    [`${base64('{"typ":"JWT"}')}.e30.c2ln`, "no algorithm"],
    [`${base64('{"alg":"HS256"}')}.e30`, "two parts"],
    [`x${jwt}`, "joined to a letter"],
    ["eyJhbGciOiJIUzI1NiJ9", "one part"],
    [`${base64('{"sort":["a"],"cursor":10}')}`, "a cursor"],
  ])("%s stays: %s", (text) => expect(kinds(text)).toBe(text));
});

describe("HTTP credentials", () => {
  it.each([
    ["Authorization: Bearer xyz", "Authorization: Bearer <secret>"],
    ["curl -H 'Authorization: Bearer abc.def' https://x.org", "curl -H 'Authorization: Bearer <secret>' https://x.org"],
    [`sent bearer ${jwt}`, "sent bearer <secret>"],
    ["Bearer%20abc123def", "Bearer%20<secret>"],
    ["using Basic dXNlcjpwYXNz now", "using Basic <secret> now"],
    ['{"authorization":"Basic dXNlcjpwYXNz"}', '{"authorization":"Basic <secret>"}'],
    ["Proxy-Authorization: Basic dXNlcjpwYXNz", "Proxy-Authorization: Basic <secret>"],
  ])("%s becomes %s", (text, masked) => expect(kinds(text)).toBe(masked));

  it.each([
    ["the bearer token expired", "prose"],
    ["bearer of news", "prose"],
    ["Basic authentication is required", "not base64 of printable text"],
    ["Basic plan, basic auth, Basic YWJj", "no colon in it"],
    ["forebearer abc123def", "part of a longer word"],
  ])("%s stays: %s", (text) => expect(kinds(text)).toBe(text));
});

describe("passwords in URLs", () => {
  it.each([
    ["postgres://app:s3cret@db.example.org:5432/shop", "postgres://app:<secret>@db.example.org:5432/shop"],
    ["redis://:s3cret@cache", "redis://:<secret>@cache"],
    ["https://joe%40example.com:pw@host/x", "https://<email>:<secret>@host/x"],
    ["https://token:ghp_1234@example.org/x", "https://token:<secret>@example.org/x"],
    [String.raw`{"u":"https:\/\/joe:pw@example.org\/x"}`, String.raw`{"u":"https:\/\/joe:<secret>@example.org\/x"}`],
    ["https://u:p@ss:w@host", "https://u:<secret>@host"],
  ])("%s becomes %s", (text, masked) => expect(kinds(text)).toBe(masked));

  it.each([
    ["https://example.org:8080/a@b", "a port"],
    ["ssh://deploy@host:22/x", "a user without a password"],
    ["see https://example.org: it is up @ noon", "an @ in the sentence"],
    ["time 10:30 // user@host", "no scheme"],
  ])("%s stays: %s", (text) => expect(kinds(text)).toBe(text));
});
