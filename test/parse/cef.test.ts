import { describe, expect, it } from "vitest";
import { makeParser, rowsOf } from "../support/make-records.ts";

const parse = (format: string, line: string) => rowsOf(makeParser({ format })([line]))[0];
const attributesOf = (format: string, line: string) =>
  Object.fromEntries((parse(format, line)["attributes"] ?? []) as [string, string][]);

describe("a CEF line", () => {
  const head = "CEF:0|v|p|1|c|n|5|";

  it.each([
    ["a=1 b=2", { a: "1", b: "2" }, "pairs"],
    ["a=x y z b=2", { a: "x y z", b: "2" }, "a value with spaces"],
    ["a=x  b=2", { a: "x ", b: "2" }, "a space at a value's end"],
    ["a=1 = 2 b=2", { a: "1 = 2", b: "2" }, "an equals sign without a key"],
    ["a=u=v b=2", { a: "u=v", b: "2" }, "an equals sign within a word"],
    ["a=u\\=v b=2", { a: "u=v", b: "2" }, "an escaped one"],
    ["a= b=2", { a: "", b: "2" }, "no value"],
    ["a=C:\\Temp\\\\x b=2", { a: "C:\\Temp\\x", b: "2" }, "backslashes, escaped or not"],
    ["a=x\\nb b=2", { a: "x\nb", b: "2" }, "a line feed"],
  ])("has in %j the values of %j: %s", (extension, attributes) => {
    expect(attributesOf("cef", head + extension)).toMatchObject(attributes);
  });

  it.each([
    ["rt=Mar 02 2026 12:00:01 start=Mar 02 2026 11:00:00", "12:00:01", "rt first"],
    ["end=Mar 02 2026 13:00:00 start=Mar 02 2026 11:00:00", "11:00:00", "start before end"],
    ["rt=1772452801123", "12:00:01.123", "milliseconds"],
  ])("with %j is of %s: %s", (extension, clock) => {
    expect(parse("cef", head + extension)["timestamp"]).toContain(`2026-03-02T${clock}`);
  });

  it.each([
    ["CEF:0|v|p|1|c|n", "a header that is cut"],
    ["CEF:0|v|p|1|c|n|5|no pairs", "an extension without keys"],
    ["said CEF:0|v|p|1|c|n|5|", "something else in front"],
  ])("is none in %j: %s", (line) => {
    expect(parse("cef", line)["format"]).toBe("text");
  });
});

describe("a LEEF line", () => {
  it("gives a piece without a key to the value before it", () => {
    expect(attributesOf("leef", "LEEF:2.0|v|p|1|e|^|a=x^y^b=2")).toMatchObject({ a: "x^y", b: "2" });
  });

  it.each(["x5E", "0x5e"])("may write its delimiter as a code: %s", (written) => {
    expect(attributesOf("leef", `LEEF:2.0|v|p|1|e|${written}|a=1^b=2`)).toMatchObject({ a: "1", b: "2" });
  });
});
