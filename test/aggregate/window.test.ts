import { describe, expect, it } from "vitest";
import { windowStart } from "../../processors/aggregate/window.ts";

describe("windowStart", () => {
  it.each([
    [0, 10, 0, "the epoch begins a window"],
    [9_999_999, 10, 0, "the last microsecond inside"],
    [10_000_000, 10, 10, "the end belongs to the next window"],
    [59_999_999, 60, 0, "the last microsecond of a minute"],
    [60_000_000, 60, 60, "the next minute"],
    [86_399_999_999, 86_400, 0, "the last microsecond of a day"],
    [1_700_000_000_000_001, 7, 1_699_999_994, "seven seconds divide nothing"],
    [-1, 10, -10, "before 1970 times still round down"],
    [-10_000_000, 10, -10, "a window before 1970 begins at its start"],
  ])("of %i us with %i s is %i: %s", (us, seconds, start) => {
    expect(windowStart(us, seconds)).toBe(start);
  });
});
