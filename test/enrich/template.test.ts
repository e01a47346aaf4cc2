import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TEMPLATE_VERSION, templateId, templateOf } from "../../processors/enrich/template.ts";

const CASES: readonly (readonly [body: string, template: string, why: string])[] = [
  ["Paid order 17 in 3.5 seconds", "Paid order <*> in <*> seconds", "numbers"],
  ["took 120ms, 95% done, -3 left", "took <*>, <*>% done, <*> left", "units go with their number, marks stay"],
  ["node 7 of 0x1f at cafebabe", "node <*> of <*> at <*>", "hex with and without digits"],
  ["added face to facade", "added face to facade", "short words of hex letters are words"],
  ["job 6f1c2b9e-0d4a-4c57-9a7e-2b1d0c3e4f5a done.", "job <*> done.", "a UUID; the full stop stays"],
  ["from 10.2.3.4:8080 to db7.shop.internal", "from <*> to <*>", "an address with its port is one variable"],
  ["peer fe80::1ff:fe23:4567:890a and 00:1b:44:11:3a:b7", "peer <*> and <*>", "IPv6 and MAC"],
  ["via 10.0.0.1,10.0.0.2 now", "via <*> now", "the way through proxies is one variable"],
  ["open /var/log/app.log: No such file", "open <*>: No such file", "a path ends at a colon"],
  ["read C:\\Temp\\a.txt and ./run.sh", "read <*> and <*>", "Windows and relative paths"],
  ["GET https://shop.example/a?b=c&d=1, then", "GET <*>, then", "a URL"],
  ["read/write and input/output", "read/write and input/output", "one slash joins words"],
  ['"GET /a/b HTTP/1.1" 200', '"GET <*>" <*>', "request target and protocol are one variable"],
  ["at Fri Jul 01 08:16:53 PDT 2005 it began", "at <*> it began", "a date with names"],
  ["at 2024-05-06 07:08:09.123 it began", "at <*> it began", "a date of numbers and its time"],
  ["at 2024-05-06T07:08:09Z it began", "at <*> it began", "an ISO date"],
  ["You may 5 times", "You may <*> times", "a word that is nearly a month"],
  ["enabled=true cache: null", "enabled=<*> cache: <*>", "truth values and null"],
  ["user=alice state=open", "user=<*> state=open", "keys that hold names have variable values, others not"],
  ['title="big red ball" msg="disk full"', 'title="<*>" msg="disk full"', "quoted values of keys, but not messages"],
  ["unknown column 'price' in \"orders\"", "unknown column '<*>' in \"<*>\"", "one word in quotes"],
  ["Can't open it, isn't there", "Can't open it, isn't there", "apostrophes are no quotes"],
  ['{"id":5,"name":"bob"}', '{"id":<*>,"name":"<*>"}', "keys of JSON stay"],
  ["session opened for user carol by root", "session opened for user <*> by <*>", "names of users"],
  ["check pass; user unknown", "check pass; user unknown", "not every word behind user is a name"],
  ["wrote core.2275 for thread-12", "wrote core.<*> for thread-<*>", "a name keeps its name and loses its number"],
  ["com.acme.Cart@1f2e3d closed", "com.acme.Cart@<*> closed", "a class keeps its name and loses its identity"],
  ["Log2Sink@1f2e3d closed", "Log2Sink@<*> closed", "a class with a digit in its name"],
  ["com.acme.Cart and shop.example.com", "com.acme.Cart and <*>", "a class is language, a host is not"],
  ["jk2_init() uses sha256 over http2 and L3", "jk2_init() uses sha256 over http2 and L3", "terms with digits stay"],
  ["r24=0x1 worker3 up", "r24=<*> <*> up", "a key stays; numbered things are variables"],
  ["limit......5 of parts...", "limit......<*> of parts...", "dots that fill up a line"],
  [
    "mail <email:0123456789abcdef> card <card:00ff00ff00ff00ff> <jwt> <secret>",
    "mail <*> card <*> <*> <*>",
    "pseudonyms",
  ],
  ["the <b>bold</b> word", "the <b>bold</b> word", "marks that are no pseudonym"],
  ["  spaced\t\tout  text ", "spaced out text", "runs of spaces count as one"],
  ["a\xff\xfeb c", "a\xff\xfeb c", "bytes that are no text"],
  ["ids 1 2 3 4 5 6 7 8 9 10 11", "ids <*>", "a long row is one variable"],
  ["xyz ".repeat(40).trim(), "xyz ".repeat(40).trim(), "long, but language"],
  [`token ${"Ab".repeat(80)} end`, "token <*> end", "a word longer than any word is payload"],
  ["", "", "nothing"],
  [" \t\n", "", "nothing but spaces"],
];

const byteText = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const fragments = (
  "<*> user for invalid Jul 01 08:16:53 2005 /a/b http://x HTTP/1.1 = id ' \" : , ( ) ... - 1.2.3.4 ff a1 L3 ssh2 core.5 " +
  "Foo@8a x true / \\ @ <email:0123456789> # % msg"
).split(" ");
const messages = fc
  .array(fc.constantFrom(...fragments, " ", "\n"), { maxLength: 14 })
  .chain((parts) => fc.constantFrom(parts.join(""), parts.join(" ")));

describe("templateOf", () => {
  it.each(CASES)("%j has the template %j: %s", (body, template) => {
    expect(templateOf(body)).toBe(template);
  });

  it("sees the first line of a stack trace and the class that follows at the start of a line", () => {
    const java = "Cart 7 failed\njava.io.IOException: disk 5\n\tat a.B(C.java:1)\nCaused by: x.YError";
    expect(templateOf(java)).toBe("Cart <*> failed java.io.IOException");
    const python = 'Traceback (most recent call last):\n  File "a.py", line 3\nValueError: 7 is odd';
    expect(templateOf(python)).toBe("Traceback (most recent call last): ValueError");
    expect(templateOf("\n\nlate start\nmore")).toBe("late start");
  });

  it("looks at the first 4,096 bytes only", () => {
    const head = "word ".repeat(1000).slice(0, 4096);
    expect(templateOf(`${head}${"\xff7 ".repeat(50)}`)).toBe(templateOf(head));
  });

  it("gives its own template back for any bytes", () => {
    fc.assert(
      fc.property(fc.oneof(byteText, messages), (body) => {
        const template = templateOf(body);
        expect(templateOf(template)).toBe(template);
      }),
      { numRuns: 3000 },
    );
  });

  it("does not depend on the digits of a number, nor on what was scanned before", () => {
    const words = fc.constantFrom("order", "took", "ms", "from", "retry", "(", ")", ":", "=", ",", "%", "GET");
    const numbers = fc.integer({ min: 0, max: 1e9 }).map(String);
    const parts = fc.array(fc.tuple(words, numbers, numbers), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(parts, byteText, (triples, other) => {
        const template = templateOf(triples.map(([word, one]) => `${word} ${one}`).join(" "));
        templateOf(other);
        expect(templateOf(triples.map(([word, , two]) => `${word} ${two}`).join(" "))).toBe(template);
        expect(template).not.toMatch(/\d/);
      }),
    );
  });
});

describe("templateId", () => {
  it("is the first 8 bytes of SHA-256 over version and template, read big-endian", () => {
    const digest = createHash("sha256").update(`${TEMPLATE_VERSION}\nPaid order <*>`).digest();
    const { low, high } = templateId("Paid order <*>");
    expect((BigInt(high) << 32n) | BigInt(low)).toBe(digest.readBigUInt64BE(0));
  });

  it("has the same value in every process and on every machine", () => {
    expect(templateId("Paid order <*>")).toEqual({ low: 559_221_568, high: 2_265_639_805 });
  });

  it("hashes the bytes of byte text, not its characters in UTF-8", () => {
    const digest = createHash("sha256")
      .update(Buffer.from(`${TEMPLATE_VERSION}\n\xc3\xa9`, "latin1"))
      .digest();
    expect(templateId("\xc3\xa9").high).toBe(digest.readUInt32BE(0));
  });

  it("is 0 for no template", () => {
    expect(templateId("")).toEqual({ low: 0, high: 0 });
  });
});
