import { describe, expect, it } from "vitest";
import { detect } from "../../processors/parse/detect.ts";
import { formatByName } from "../../processors/parse/formats.ts";
import { FORMAT_NAMES, HEADERS, LINE_MAKERS, makeRandom } from "../support/make-lines.ts";

const COMMON = '198.51.100.7 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 23';

describe("detect", () => {
  it.each(FORMAT_NAMES)("recognises %s", (format) => {
    const random = makeRandom(5);
    const lines = Array.from({ length: 40 }, () => LINE_MAKERS[format](random));
    const sample = [HEADERS[format] ?? "", ...lines];
    expect(detect(`${sample.join("\n")}\ncut of`)).toBe(format);
  });

  it.each([
    ["", "text", "nothing"],
    ["\n \n\t\n", "text", "white space"],
    ["hello", "text", "one word"],
    ['{"k":1}', "json", "one line without its end"],
    [`${COMMON}\r\n`, "common", "CR LF"],
    [`${COMMON}\n\n\n${COMMON}\n`, "common", "empty lines between"],
    [`${COMMON}\nx\n`, "common", "half of the lines"],
    [`${COMMON}\nx\ny\n`, "text", "fewer than half"],
    [`${COMMON}\n${COMMON} "-" "x"\n${COMMON} "-" "x"\n`, "combined", "more lines of the richer format"],
    ["the user=ann did=it\n", "text", "pairs in a sentence"],
    ["[1,2]\n[3]\n", "text", "JSON that is no object"],
  ])("takes %j for %s: %s", (sample, format) => {
    expect(detect(sample)).toBe(format);
  });

  it("looks at no more than two hundred lines", () => {
    expect(detect(`${"x\n".repeat(200)}${`${COMMON}\n`.repeat(1000)}`)).toBe("text");
  });
});

describe("formatByName", () => {
  it("throws for a name that is none", () => {
    expect(() => formatByName("xml")).toThrow("There is no format xml;");
  });
});
