import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areSame, ByteWindow, byteAt } from "../../processors/model/byte-window.ts";
import { Dictionary } from "../../processors/model/dictionary.ts";
import { RecentSpans } from "../../processors/model/recent-spans.ts";

/** Few characters, so that many texts are nearly the same; quotes and their neighbours, and bytes with the high bit. */
const text = fc.string({ unit: fc.constantFrom("a", "b", '"', "!", "#", "\0", "\x80", "\xff", "\xa2"), maxLength: 40 });

function windowOf(content: string): ByteWindow {
  const window = new ByteWindow();
  window.begin(content);
  return window;
}

describe("a window of bytes", () => {
  it("compares and searches as strings do, whatever stands around", () => {
    fc.assert(
      fc.property(text, text, text, text, (a, b, before, after) => {
        const first = windowOf(before + a + after);
        const second = windowOf(b + before);
        first.reach(0, (before + a + after).length);
        second.reach(0, (b + before).length);
        const at = before.length;
        const size = Math.min(a.length, b.length);
        expect(areSame(first.view, at, second.view, 0, size)).toBe(a.slice(0, size) === b.slice(0, size));
        const quote = a.indexOf('"');
        expect(byteAt(first.view, at, at + a.length, 0x22222222)).toBe(at + (quote < 0 ? a.length : quote));
      }),
      { numRuns: 500 },
    );
  });

  it("moves with its reader, back too, and refuses what is longer than itself", () => {
    const content = Array.from({ length: 100_000 }, (_, i) => `${i};`).join("");
    const window = windowOf(content);
    for (const begin of [0, 200_000, 300_000, content.length - 10, 5]) {
      const at = window.reach(begin, begin + 10);
      expect(Buffer.from(window.bytes.subarray(at, at + 10)).latin1Slice()).toBe(content.slice(begin, begin + 10));
    }
    expect(window.reach(0, content.length)).toBe(-1);
  });
});

describe("recent spans", () => {
  it("give a number for the very bytes it was put with, and none for the empty text", () => {
    const recent = new RecentSpans();
    const values = Array.from({ length: 60_000 }, (_, i) => `value ${i % 50_000} `.padEnd(8 + (i % 90), "x"));
    const content = values.join("");
    const window = windowOf(content);
    const seen: string[] = [];
    let begin = 0;
    for (const value of values) {
      const at = window.reach(begin, begin + value.length);
      const known = recent.find(window, at, value.length);
      if (known >= 0) expect(seen[known]).toBe(value);
      recent.put(window, at, value.length, seen.length);
      seen.push(value);
      expect(recent.find(window, at, value.length)).toBe(seen.length - 1);
      begin += value.length;
    }
    expect(recent.find(window, 0, 0)).toBe(-1);
  });

  it("give a dictionary's spans the ids that their texts have, after it was emptied too", () => {
    const words = Array.from({ length: 3000 }, (_, i) => `w${i % 700}`.padEnd(2 + (i % 9), "."));
    const content = words.join("");
    const window = windowOf(content);
    const dictionary = new Dictionary();
    for (let round = 0; round < 3; round++) {
      let begin = 0;
      for (const word of words) {
        const id = dictionary.internSpan(window, content, begin, begin + word.length);
        expect(dictionary.values[id]).toBe(word);
        expect(dictionary.intern(word)).toBe(id);
        begin += word.length;
      }
      dictionary.clear();
      dictionary.intern("another");
    }
  });
});
