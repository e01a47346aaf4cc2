import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokens } from "../../processors/clickhouse/tokens.ts";

const seen = (sql: string) => [...tokens(sql)].map(({ kind, text }) => (kind === "string" ? "''" : text));

describe("tokens", () => {
  for (const [sql, expected, why] of [
    ["SELECT 1 -- x\n+2", ["SELECT", "1", "+", "2"], "a dash comment ends with its line"],
    ["SELECT 1 # x\n+2 #! y", ["SELECT", "1", "+", "2"], "so do the two hash comments"],
    ["1 #x", ["1", "#", "x"], "a hash right before a word is no comment"],
    ["1 // x\n+2", ["1", "+", "2"], "a double slash is a comment"],
    ["a /* b /* c */ d */ e", ["a", "e"], "block comments nest"],
    ["a /* b /* c */ d", ["a", "/*"], "a comment that never closes is reported"],
    ["'a\\'b' 'c''d' e", ["''", "''", "e"], "quotes are escaped in two ways"],
    ['`a\\`b` `c``d` "e"', ["a`b", "c`d", "e"], "names lose their quotes and escapes"],
    ["'a\\", ["'"], "a backslash at the end closes nothing"],
    ["$$a'b$$ $x$q$$z$x$ c", ["''", "''", "c"], "heredocs end with their own tag"],
    ["a$b $1", ["a$b", "$1"], "a dollar in a word is a dollar"],
    ["x'41'", ["x", "''"], "a prefixed string is two tokens"],
    ["INTO/**/OUTFILE", ["INTO", "OUTFILE"], "a comment separates words"],
    ["'-- /*' a", ["''", "a"], "nothing starts in a string"],
    ["-- '\na", ["a"], "nothing starts in a comment"],
  ] as const) {
    it(`${JSON.stringify(sql)}: ${why}`, () => expect(seen(sql)).toEqual(expected));
  }

  it("ends for any text, with tokens in order and inside of it", () => {
    const pieces = fc.constantFrom(
      "'",
      '"',
      "`",
      "\\",
      "--",
      "#",
      "# ",
      "/*",
      "*/",
      "//",
      "$",
      "$$",
      "$a$",
      "\n",
      "a",
      " ",
      "(",
      "é",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const sql = parts.join("");
        let at = 0;
        for (const { begin, end } of tokens(sql)) {
          expect(begin).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(begin);
          at = end;
        }
        expect(at).toBeLessThanOrEqual(sql.length);
      }),
    );
  });
});
