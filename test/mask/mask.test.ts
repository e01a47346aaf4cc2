import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMask, RULE_NAMES } from "../../processors/mask/mask.ts";
import { kinds, makeMask } from "./make-mask.ts";

const PIECES = [
  ..."@.:=%&\"'\\ ,;<>{}[]-_+/1aJé",
  ...["joe@example.com", "joe%40example.com", "4111111111111111", "4111 1111 1111 1111", "DE89370400440532013000"],
  ...[
    "password",
    "token",
    "cookie",
    "auth",
    "Bearer ",
    "Basic ",
    "dXNlcjpwYXNz",
    "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    "://",
  ],
  ...[
    "<secret>",
    "<email:0123456789abcdef>",
    "<card:4111111111111111>",
    "%3D",
    "%22",
    "\\u0040",
    "\\u003d",
    "\\n",
    "2541",
  ],
];
const mixture = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(""));
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).latin1Slice());

describe("a mask", () => {
  const mask = makeMask();

  it("changes nothing when it masks its own output", () => {
    fc.assert(
      fc.property(mixture, (text) => {
        const once = mask.text(text);
        expect(mask.text(once)).toBe(once);
      }),
      { seed: 11, numRuns: 20_000 },
    );
  });

  it("takes any bytes", () => {
    fc.assert(
      fc.property(bytes, bytes, (key, text) => {
        expect(typeof mask.value(key, text)).toBe("string");
      }),
      { seed: 12, numRuns: 2000 },
    );
  });

  it("keeps text without a trigger as it is", () => {
    const plain = fc.string({ unit: fc.constantFrom(..."acdefgh ikl\n()[]{}#!?*/"), maxLength: 200 });
    fc.assert(
      fc.property(plain, (text) => {
        expect(mask.text(text)).toBe(text);
      }),
      { seed: 13, numRuns: 500 },
    );
  });

  it("finds an address after and before any space", () => {
    fc.assert(
      fc.property(mixture, mixture, (before, after) => {
        const text = `${before.replaceAll(/["']/g, "")} joe@example.com ${after}`;
        expect(mask.text(text)).not.toContain(" joe@example.com ");
      }),
      { seed: 14, numRuns: 2000 },
    );
  });

  it("gives the same pseudonyms from the same key, and others to another tenant or key", () => {
    const text = "joe@example.com";
    expect(mask.text(text)).toBe(makeMask().text(text));
    expect(mask.text(text)).toMatch(/^<email:[0-9a-f]{16}>$/);
    expect(makeMask({ tenant: "other" }).text(text)).not.toBe(mask.text(text));
    expect(createMask({ key: new Uint8Array(32).fill(8), tenant: "acme" }).text(text)).not.toBe(mask.text(text));
  });

  it("makes pseudonyms as HMAC-SHA256 of the value under HMAC-SHA256 of the tenant", () => {
    // Computed apart with OpenSSL's `dgst -mac HMAC`.
    expect(mask.text("Joe@Example.com")).toBe("<email:aa6aa778d1fa1053>");
  });

  it.each([
    ["email", "joe@example.com"],
    ["payment_card", "4111111111111111"],
    ["iban", "DE89370400440532013000"],
    ["jwt", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"],
    ["bearer", "Bearer 0123456789abcdef0123"],
    ["basic", "Basic dXNlcjpwYXNz"],
    ["url_password", "ftp://joe:pw@host"],
    ["secret_value", "password=x1"],
  ] as const)("leaves %s alone when its rule is off", (rule, text) => {
    expect(kinds(text)).not.toBe(text);
    expect(kinds(text, makeMask({ rules: { [rule]: false } }))).toBe(text);
    expect(RULE_NAMES).toContain(rule);
  });

  it("leaves its own pseudonyms alone, even one that reads like a card number", () => {
    const text = "<card:4111111111111111> <iban:4111111111111111> <email:4111111111111111>";
    expect(mask.text(text)).toBe(text);
  });

  it("finds what stands at the end of a text longer than the one before it", () => {
    for (const length of [10, 70_000, 10, 65_530, 65_536, 65_537, 200_000]) {
      expect(kinds(`${" ".repeat(length)}joe@example.com`, mask)).toBe(`${" ".repeat(length)}<email>`);
      expect(kinds(`joe@example.co`, mask)).toBe("<email>");
    }
  });
});

describe("long hostile lines", () => {
  const mask = makeMask();
  const size = 1 << 18;
  // A quadratic detector would need minutes for these, and the test would time out.
  it.each([
    ...'@ 1 4 eyJ a@ a@a. : = < % \\ { " password= "token":[ a%40 %2B@ a,'.split(" "),
    "4 ",
    "4111 ",
    "4111%20",
    "DE89 ",
    "eyJ ",
    "eyJaaaaaaaaaaaaaaaa.a.a ",
    "token: a ",
    "token:",
    "cookie: a ",
    "token='\\'a ",
    'password=\\"',
    "basic aaaa ",
    "bearer ",
    "://a:",
    "token=a,b=",
    "token   :",
    "a@1.",
  ])("%j over and over is read in one pass", (piece) => {
    const text = piece.repeat(Math.ceil(size / piece.length)).slice(0, size);
    const once = mask.text(text);
    expect(mask.text(once)).toBe(once);
  });
});
