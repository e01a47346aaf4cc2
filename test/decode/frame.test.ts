import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import type { FrameOptions } from "../../processors/model/ports.ts";

const OPTIONS: FrameOptions = { join: true, recordBytesMax: 1 << 20, recordsMax: 1e6, bytesMax: 1e9, atEnd: true };

/** The records of a text as strings. */
function recordsOf(text: string, options: Partial<FrameOptions> = {}): string[] {
  const { count, begins, ends } = frame(text, 0, { ...OPTIONS, ...options });
  return Array.from({ length: count }, (_, i) => text.slice(begins[i], ends[i]));
}

interface Found {
  readonly begin: number;
  readonly end: number;
  readonly isCut: boolean;
}

/** Reads a text as a source does: it arrives in pieces, and is asked for with limits that change. */
function readInPieces(
  text: string,
  pieces: readonly number[],
  limits: readonly number[],
  options: FrameOptions,
): Found[] {
  const found: Found[] = [];
  let held = 0;
  let position = 0;
  for (let turn = 0; ; turn++) {
    const recordsMax = limits[turn % limits.length];
    const atEnd = held >= text.length;
    const framed = frame(text.slice(0, held), position, { ...options, recordsMax, bytesMax: recordsMax * 7, atEnd });
    for (let i = 0; i < framed.count; i++) {
      expect(framed.offsetDeltas[i]).toBe(framed.begins[i] - position);
      found.push({ begin: framed.begins[i], end: framed.ends[i], isCut: framed.cut.includes(i) });
    }
    position = framed.consumed;
    if (framed.count === 0) {
      if (atEnd) return found;
      held = Math.min(text.length, held + pieces[turn % pieces.length]);
    }
  }
}

const PARTS = [
  "\n",
  "\r\n",
  "\r",
  " ",
  "\t",
  "a",
  "2024-01-01 line\n",
  "  at com.shop.Cart.add(Cart.java:12)\n",
  "Caused by: java.io.IOException: gone\n",
  "\t... 12 more\n",
  "Traceback (most recent call last):\n",
  '  File "cart.py", line 3, in add\n',
  "ValueError: no such item\n",
  "\nDuring handling of the above exception, another exception occurred:\n\n",
  "panic: nil map\n\n",
  "goroutine 1 [running]:\n",
  "main.main()\n",
  "}\n",
  "  1234:20260102:030405.678 line\n",
  "ÿ\u0000",
];
const text = fc.array(fc.constantFrom(...PARTS), { maxLength: 40 }).map((parts) => parts.join(""));
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

describe("frame", () => {
  it.each([false, true])("records do not depend on how the text arrives or what is asked for (join: %s)", (join) => {
    fc.assert(
      fc.property(text, sizes, sizes, fc.integer({ min: 1, max: 80 }), (text, pieces, limits, recordBytesMax) => {
        const options = { ...OPTIONS, join, recordBytesMax };
        const whole = frame(text, 0, options);
        const expected = Array.from({ length: whole.count }, (_, i) => ({
          begin: whole.begins[i],
          end: whole.ends[i],
          isCut: whole.cut.includes(i),
        }));
        expect(readInPieces(text, pieces, limits, options)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([false, true])("records and what lies between them give the text back (join: %s)", (join) => {
    fc.assert(
      fc.property(text, (text) => {
        const { count, begins, ends, consumed, cut } = frame(text, 0, { ...OPTIONS, join });
        let again = "";
        for (let i = 0; i < count; i++) {
          const between = text.slice(ends[i], i + 1 < count ? begins[i + 1] : consumed);
          expect(["\n", "\r\n", "\r", ""]).toContain(between);
          again += text.slice(begins[i], ends[i]) + between;
        }
        expect(again).toBe(text);
        expect(cut).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("lines are what splitting gives when nothing is joined", () => {
    fc.assert(
      fc.property(text, (text) => {
        const expected = text.split("\n").map((line) => line.replace(/\r$/, ""));
        if (text.endsWith("\n") || text === "") expected.pop();
        expect(recordsOf(text, { join: false })).toEqual(expected);
      }),
    );
  });

  it("a line without its end is not given before the end", () => {
    expect(recordsOf("one\ntwo", { join: false, atEnd: false })).toEqual(["one"]);
    expect(recordsOf("one\ntwo", { join: false, atEnd: true })).toEqual(["one", "two"]);
  });

  it("an entry is not given before the next one starts", () => {
    expect(recordsOf("one\n  at x\n", { atEnd: false })).toEqual([]);
    expect(recordsOf("one\n  at x\ntwo", { atEnd: false })).toEqual([]);
    expect(recordsOf("one\n  at x\ntwo\n", { atEnd: false })).toEqual(["one\n  at x"]);
  });

  it("a line at the limit stays whole, one byte more is cut, and a carriage return does not count", () => {
    const text = "1234\r\n12345\r\n12345678\nnext\n";
    const framed = frame(text, 0, { ...OPTIONS, recordBytesMax: 4 });
    expect(recordsOf(text, { recordBytesMax: 4 })).toEqual(["1234", "1234", "1234", "next"]);
    expect(framed.cut).toEqual([1, 2]);
    expect(framed.consumed).toBe(text.length);
  });

  it("the first record is given however long it is, others stop at the limit", () => {
    expect(recordsOf("123456789\n1\n2\n", { bytesMax: 3 })).toEqual(["123456789"]);
    expect(recordsOf("1\n2\n3\n", { bytesMax: 5 })).toEqual(["1", "2"]);
    expect(frame("1\n2\n3\n", 0, { ...OPTIONS, bytesMax: 4 }).isFull).toBe(true);
    expect(frame("1\n2\n3\n", 0, { ...OPTIONS, recordsMax: 2 }).consumed).toBe(4);
  });

  it("an entry of more than a thousand lines is divided there", () => {
    const lines = ["start", ...Array.from({ length: 1500 }, (_, i) => `  line ${i}`)];
    const records = recordsOf(`${lines.join("\n")}\n`);
    expect(records.map((record) => record.split("\n").length)).toEqual([1000, 501]);
  });

  it("a throwable's name behind a line with a time, and the second line of java.util.logging, belong to it", () => {
    const java = "2024-02-29 01:02:03,004 ERROR x\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)";
    const twoLines = "Feb 29, 2024 1:02:03 PM com.example.Shop open\nSEVERE: no\n\tat a.B.c(B.java:1)";
    const alone = [
      "ERROR x",
      "java.lang.Error: a",
      "java.lang.Error: b\n\tat a.B",
      "2024-02-29 01:02:03 x",
      "ids.a: 1",
      "INFO: y",
    ];
    expect(recordsOf(`${[java, twoLines, java, ...alone].join("\n")}\n`)).toEqual([java, twoLines, java, ...alone]);
  });

  it.each([
    [
      "Java",
      ["ERROR x", "java.lang.IllegalStateException: no"],
      ["\tat a.B.c(B.java:1)", "Caused by: a.E", "\t... 12 more"],
    ],
    ["Java, suppressed", ["ERROR x"], ["  at a.B", "Suppressed: a.E: closed", "  at a.C"]],
    [
      ".NET",
      ["fail: System.Exception: no"],
      ["   at A.B()", "--- End of stack trace from previous location ---", "   at A.C()"],
    ],
    [
      "Python",
      ["ERROR:root:no"],
      ["Traceback (most recent call last):", '  File "a.py", line 1', "    x()", "shop.CartError: no"],
    ],
    [
      "Python, chained",
      ["ERROR no"],
      [
        "Traceback (most recent call last):",
        "  x()",
        "KeyError: 'a'",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        "Traceback (most recent call last):",
        "  y()",
        "KeyboardInterrupt",
      ],
    ],
    [
      "Go",
      ["panic: runtime error: index out of range"],
      [
        "[signal SIGSEGV: segmentation violation]",
        "",
        "goroutine 1 [running]:",
        "main.main()",
        "\t/src/a.go:5 +0x1d",
        "created by main.run in goroutine 1",
        "\t/src/a.go:9",
      ],
    ],
    ["printed structures", ["config {"], ["  a: 1", "}"]],
  ])("%s: the trace belongs to the line before it, and the next line does not", (_, before, trace) => {
    const text = `${[...before, ...trace, "2024-01-01 INFO next", "Shipped 3 items"].join("\n")}\n`;
    const first = before.slice(0, -1);
    const entry = [before.at(-1), ...trace].join("\n");
    expect(recordsOf(text)).toEqual([...first, entry, "2024-01-01 INFO next", "Shipped 3 items"]);
  });

  it("an indented line that begins with a time starts an entry, unless it is listed below an unindented time", () => {
    const zabbix = [
      "  1234:20260102:030405.678 a\n  more",
      "123456:20260102:030405.679 b",
      "  1234:20260102:030405.680 c",
    ];
    const indented = ["\t[2026-01-02 03:04:05] a", "\t2026-01-02T03:04:06Z b\n\t  at c", "  Jan  2 03:04:07 d"];
    const listed = "2026-01-02 03:04:05 INFO sessions\n  2026-01-02 03:00:00 alice\n  2026-01-02 03:01:00 bob";
    const records = ["banner", ...zabbix, ...indented, "", listed, "total:\n  20260102:0304"];
    expect(recordsOf(`${records.join("\n")}\n`)).toEqual(records);
  });

  it("a blank line is a record of its own and takes nothing in", () => {
    expect(recordsOf("one\n\n  two\n \n\tthree\n")).toEqual(["one", "", "  two", " ", "\tthree"]);
  });

  it("after a traceback a blank line without a chained exception stands alone", () => {
    const text = "Traceback (most recent call last):\n  x()\nValueError: a\n\nnext\n";
    expect(recordsOf(text)).toEqual(["Traceback (most recent call last):\n  x()\nValueError: a", "", "next"]);
  });
});
