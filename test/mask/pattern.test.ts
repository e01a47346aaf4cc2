import { describe, expect, it } from "vitest";
import { requiredLiteral } from "../../processors/mask/literal.ts";
import { createMask } from "../../processors/mask/mask.ts";
import { compilePattern, type Pattern, type PatternSpec } from "../../processors/mask/pattern.ts";
import { toByteText } from "../../processors/model/record.ts";

function compiled(pattern: string, options: Partial<PatternSpec> = {}): Pattern {
  const result = compilePattern({ name: "own", pattern, replace: "pseudonym", fields: null, ...options });
  if ("problem" in result) throw new Error(result.problem);
  return result;
}

function maskWith(...patterns: Pattern[]) {
  return createMask({ key: new Uint8Array(32).fill(7), tenant: "acme", patterns });
}

function shown(text: string): string {
  return text.replace(/:[0-9a-f]{16}>/g, ">");
}

describe("a pattern of the user's own", () => {
  it("replaces what it matches by a pseudonym with its name", () => {
    const mask = maskWith(compiled("KD-[0-9]{6}"));
    expect(mask.text("for KD-123456 and KD-123456")).toMatch(/^for (<own:[0-9a-f]{16}>) and \1$/);
    expect(mask.text("for KD-12345")).toBe("for KD-12345");
  });

  it("replaces only its first group where it has one, and nothing but its name where that is asked for", () => {
    expect(shown(maskWith(compiled("customer ([0-9]+) of")).text("customer 12 of x"))).toBe("customer <own> of x");
    expect(maskWith(compiled("room [0-9]+", { replace: "remove" })).text("in room 12")).toBe("in <own:withheld>");
  });

  it("sees text as Unicode, and bytes that are none as they are", () => {
    const mask = maskWith(compiled("Zimmer für (\\pL+)"));
    expect(shown(mask.text(toByteText("das Zimmer für Jürgen ist frei")))).toBe(
      toByteText("das Zimmer für <own> ist frei"),
    );
    expect(shown(maskWith(compiled("id ([0-9]+)")).text("\xff id 12"))).toBe("\xff id <own>");
  });

  it("covers what other rules find, and is covered by it", () => {
    const mask = maskWith(compiled("user=\\S+"), compiled("[0-9]{4}", { name: "number" }));
    expect(shown(mask.text("user=joe@example.com x"))).toBe("<own> x");
    expect(shown(mask.text("from joe1234@example.com"))).toBe("from <email>");
    expect(shown(mask.text("from joe1234@example.com"))).not.toContain("number");
  });

  it("leaves what was masked before, and masks what only holds it", () => {
    const mask = maskWith(compiled("[0-9a-f]{16}"), compiled("name=.*", { name: "name" }));
    const once = mask.text("joe@example.com");
    expect(mask.text(once)).toBe(once);
    expect(shown(mask.text(`name=${once} more`))).toBe("<name>");
  });

  it("is looked for in its fields alone, and in whole lines", () => {
    const mask = maskWith(compiled("[0-9]{5}", { fields: ["attributes.zip"] }));
    expect(mask.valueOf(mask.fieldOf("zip", false), "12345")).toMatch(/^<own:/);
    expect(mask.valueOf(mask.fieldOf("count", false), "12345")).toBe("12345");
    expect(mask.text("zip=12345")).toMatch(/^zip=<own:/);
  });
});

describe("what a pattern may not be", () => {
  it.each([
    ["(a", /not a pattern in RE2's syntax/],
    ["(?=a)b", /not a pattern in RE2's syntax/],
    ["(a)\\1", /not a pattern in RE2's syntax/],
    ["x*", /matches the empty text/],
    ["(?:[a-z]{1,30}[0-9]{1,30}){1,30}", /too large/],
  ])("%s", (pattern, problem) => {
    const result = compilePattern({ name: "own", pattern, replace: "pseudonym", fields: null });
    expect("problem" in result && result.problem).toMatch(problem);
  });
});

describe("the text that every match holds", () => {
  it.each([
    ["customer ([0-9]+)", "customer "],
    ["(KD-[0-9]{6})", "KD-"],
    ["a\\.b\\.c[0-9]", "a.b.c"],
    ["colou?r-x", "colo"],
    ["(?:abc|def)x", null],
    ["abc|def", null],
    ["(?i)abc", null],
    ["[abc]+def", "def"],
    ["x(?P<n>long-one){2}", "long-one"],
    ["(?:never)?[0-9]", null],
    ["abc*d", "ab"],
    ["\\d+ab", "ab"],
    ["für", "für"],
    ["[]a]bc", "bc"],
  ])("of %s is %j", (pattern, literal) => {
    expect(requiredLiteral(pattern)).toBe(literal);
  });
});

describe("hostile text", () => {
  const HOSTILE: readonly (readonly [pattern: string, text: string])[] = [
    ["^(\\w+\\s?)*x$", `${"a".repeat(28)}!`],
    ["(a+)+$", `${"a".repeat(65_536)}b`],
    ["(a|a)+b", "a".repeat(65_536)],
    ["([a-zA-Z]+)*x", "a".repeat(65_536)],
    ["(.*a){20}$", `${"a".repeat(65_536)}!`],
    ["a.*b|a", "a".repeat(65_536)],
    ["(x+x+)+y", "x".repeat(65_536)],
    ["[0-9]+(?:-[0-9]+)*z", "1-".repeat(32_768)],
  ];

  it.each(HOSTILE)("costs %s no more steps than a bound that does not grow with it", (pattern, text) => {
    const own = compiled(pattern);
    const finds = own.findAll(text);
    // Each find was searched for; what exceeds the bound is one find that covers the rest.
    expect(finds.length).toBeLessThan(2000);
    if (finds.length > 1) expect(finds.at(-1)?.end).toBe(text.length);
  });

  it("that is longer than what is searched loses its rest, if that may match", () => {
    const own = compiled("id=[0-9]+");
    const long = `id=1 ${"x".repeat(70_000)}`;
    expect(shown(maskWith(own).text(long))).toBe(shown(long.replace("id=1", "<own>")));
    expect(maskWith(own).text(`${long} id=2`)).toMatch(/<own:withheld>$/);
    expect(maskWith(own).text(`${long} id=2`)).not.toContain("id=2");
  });

  it("of more than a window is searched to its end", () => {
    const text = `${"x".repeat(1500)} KD-123456 ${"y".repeat(3000)} KD-654321`;
    expect(shown(maskWith(compiled("KD-[0-9]{6}")).text(text))).toBe(text.replace(/KD-\d{6}/g, "<own>"));
    const long = `id ${"1".repeat(3000)} end`;
    expect(shown(maskWith(compiled("id ([0-9]+)")).text(long))).toBe("id <own> end");
  });
});
