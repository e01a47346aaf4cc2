import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cutText,
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  hasColor,
  isTerminal,
  paint,
  printable,
  textWidth,
} from "../../processors/runtime/terminal.ts";
import { createFakeOutput } from "../support/fake-output.ts";

describe("colours", () => {
  it("are used on a terminal only, and only if they are wanted", () => {
    const terminal = createFakeOutput({});
    const file = createFakeOutput();
    expect([isTerminal(terminal), isTerminal(file), isTerminal({ write() {} })]).toEqual([true, false, false]);
    expect([hasColor(terminal, true), hasColor(terminal, false), hasColor(file, true)]).toEqual([true, false, false]);
    expect([paint("x", "red", true), paint("x", "red", false)]).toEqual(["\x1b[31mx\x1b[0m", "x"]);
  });
});

describe("a printable text", () => {
  for (const [text, shown, why] of [
    ["plain, ä, 日本, 👍🏽", "plain, ä, 日本, 👍🏽", "ordinary text stays"],
    ["a\nb\tc\r", "a\\nb\\tc\\r", "line ends and tabs"],
    ["\x1b[2J\x00\x07", "\\x1b[2J\\x00\\x07", "escape, NUL, bell"],
    ["\x7f\x9b31m", "\\x7f\\x9b31m", "DEL, and CSI as one byte"],
    ["\u202eabc\u2069\u200f", "\\u{202e}abc\\u{2069}\\u{200f}", "marks of direction"],
    ["a\u200bb\u200d\ufeff\u00ad", "a\\u{200b}b\\u{200d}\\u{feff}\\xad", "what can't be seen"],
    ["\u2028\u2029", "\\u{2028}\\u{2029}", "line separators"],
    ["\u{e0041}\ufe0f\u034f", "\\u{e0041}\\u{fe0f}\\u{34f}", "tags, variation selectors, joiners"],
    ["\ud800", "\\u{d800}", "half a character"],
  ] as const) {
    it(`${JSON.stringify(text)}: ${why}`, () => expect(printable(text)).toBe(shown));
  }

  it("holds no control character, whatever went in, and stays as it is when escaped again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(printable(shown)).toBe(shown);
      }),
    );
  });
});

describe("the width of a text", () => {
  for (const [text, width] of [
    ["", 0],
    ["abc", 3],
    ["für", 3],
    ["e\u0301", 1],
    ["日本", 4],
    ["👍", 2],
    ["…", 1],
  ] as const) {
    it(`"${text}" takes ${width} columns`, () => expect(textWidth(text)).toBe(width));
  }

  it("is never above the limit after cutting, and what fits isn't cut", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, widthMax) => {
        const shown = printable(text);
        const cut = cutText(shown, widthMax);
        expect(textWidth(cut)).toBeLessThanOrEqual(widthMax);
        if (textWidth(shown) <= widthMax) expect(cut).toBe(shown);
        else expect(cut.endsWith("…")).toBe(widthMax > 0);
      }),
    );
  });
});

describe("numbers for people", () => {
  for (const [count, text] of [
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [1_234_567, "1,234,567"],
    [-1234, "-1,234"],
    [1234.5, "1,235"],
    [12_345_678_901_234_567_890n, "12,345,678,901,234,567,890"],
  ] as const) {
    it(`${count} is ${text}`, () => expect(formatCount(count)).toBe(text));
  }

  for (const [bytes, text] of [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [33_554_432, "32.0 MiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [1024 ** 6, "1024.0 PiB"],
  ] as const) {
    it(`${bytes} bytes are ${text}`, () => expect(formatBytes(bytes)).toBe(text));
  }

  for (const [ms, text] of [
    [0, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [7340, "7.3 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [3_599_499, "59 min 59 s"],
    [3_599_500, "1 h 00 min"],
    [7_620_000, "2 h 07 min"],
    [86_399_999, "1 d 00 h"],
    [273_600_000, "3 d 04 h"],
  ] as const) {
    it(`${ms} ms are ${text}`, () => expect(formatDuration(ms)).toBe(text));
  }

  it("rates are per second, and 0 when no time has passed", () => {
    expect(formatRate(824_000, 2000, "lines")).toBe("412,000 lines/s");
    expect(formatRate(3, 2000, "lines")).toBe("1.5 lines/s");
    expect(formatRate(9960, 1_000_000, "lines")).toBe("10 lines/s");
    expect(formatRate(5, 0, "lines")).toBe("0 lines/s");
  });
});
