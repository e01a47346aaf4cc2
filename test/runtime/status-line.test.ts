import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { progressBar, StatusLine } from "../../processors/runtime/status-line.ts";
import { textWidth } from "../../processors/runtime/terminal.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { createFakeOutput } from "../support/fake-output.ts";

describe("a line of progress", () => {
  const facts = { label: "access.log", done: 50, total: 100, rate: "412,000 lines/s", etaMs: 5000, width: 100 };
  for (const [why, change, line] of [
    ["everything", {}, "access.log  ##########..........   50 %  412,000 lines/s  5.0 s left"],
    ["100 % only at the end", { done: 99.9 }, "access.log  ###################.   99 %  412,000 lines/s  5.0 s left"],
    ["the end", { done: 100, etaMs: 0 }, "access.log  ####################  100 %  412,000 lines/s  0 ms left"],
    ["more than all", { done: 130 }, "access.log  ####################  100 %  412,000 lines/s  5.0 s left"],
    ["all of nothing", { done: 0, total: 0 }, "access.log  ####################  100 %  412,000 lines/s  5.0 s left"],
    ["an unknown total", { total: null }, "access.log  412,000 lines/s  5.0 s left"],
    ["too narrow for the bar", { width: 50 }, "access.log   50 %  412,000 lines/s  5.0 s left"],
    ["too narrow for the label", { width: 44 }, "access.…   50 %  412,000 lines/s  5.0 s left"],
    ["too narrow for anything", { width: 12 }, "access.log …"],
    ["a label that steers the terminal", { label: "\x1b[2J", total: null }, "\\x1b[2J  412,000 lines/s  5.0 s left"],
  ] as const) {
    it(why, () => expect(progressBar({ ...facts, ...change })).toBe(line));
  }

  it("never takes more than its width", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(200), fc.nat(120), (label, done, width) => {
        expect(textWidth(progressBar({ ...facts, label, done, width }))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("the status line on a terminal", () => {
  it("is written over at most four times a second", async () => {
    const clock = createFakeClock();
    const output = createFakeOutput({ columns: 40 });
    const status = new StatusLine(output, clock);
    for (let ms = 0; ms <= 1000; ms += 50) {
      status.update(`at ${ms}`);
      await clock.advance(50);
    }
    expect(output.written).toEqual([0, 250, 500, 750, 1000].map((ms) => `\rat ${ms}\x1b[K`));
  });

  it("is cut to one column less than the terminal has, and is one line", () => {
    const output = createFakeOutput({ columns: 10 });
    new StatusLine(output, createFakeClock()).update("12345\n7890123");
    expect(output.written).toEqual(["\r12345\\n7…\x1b[K"]);
  });

  it("is taken away before something else is written beside it", () => {
    const output = createFakeOutput({});
    const status = new StatusLine(output, createFakeClock());
    status.beside.write("first\n");
    status.update("a");
    status.beside.write("second\n");
    expect(status.beside.isTTY).toBe(true);
    expect(output.written).toEqual(["first\n", "\ra\x1b[K", "\r\x1b[K", "second\n"]);
  });

  it("is taken away once, and comes back at once", () => {
    const output = createFakeOutput({});
    const status = new StatusLine(output, createFakeClock());
    status.clear();
    status.update("a");
    status.clear();
    status.clear();
    status.update("b");
    expect(output.written).toEqual(["\ra\x1b[K", "\r\x1b[K", "\rb\x1b[K"]);
  });
});

it("the status line elsewhere is a line of its own every ten seconds, and none before", async () => {
  const clock = createFakeClock();
  const output = createFakeOutput();
  const status = new StatusLine(output, clock);
  for (let seconds = 0; seconds <= 25; seconds++) {
    status.update(`${seconds} s`);
    await clock.advance(1000);
  }
  status.clear();
  expect(output.written).toEqual(["10 s\n", "20 s\n"]);
});
