import { describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import type { FrameOptions, Join } from "../../processors/model/ports.ts";

const options = (join: Join, over: Partial<FrameOptions> = {}): FrameOptions => ({
  ...{ join, recordBytesMax: 10_000, recordsMax: 100, bytesMax: 100_000, atEnd: true },
  ...over,
});
const cri = (stream: string, tag: string, text: string) => `2026-03-02T12:00:00.000000000Z ${stream} ${tag} ${text}\n`;
const docker = (stream: string, log: string) =>
  `{"log":"${log}","stream":"${stream}","time":"2026-03-02T12:00:00.0Z"}\n`;

/** How many lines each record has. */
function sizes(text: string, join: Join, over: Partial<FrameOptions> = {}): number[] {
  const { count, begins, ends } = frame(text, 0, options(join, over));
  return Array.from({ length: count }, (_, i) => text.slice(begins[i], ends[i]).split("\n").length);
}

describe("records of a container's log", () => {
  it.each<[string, string[], number[]]>([
    ["whole lines", [cri("stdout", "F", "a"), cri("stderr", "F", "b")], [1, 1]],
    ["chunks of one stream", [cri("stdout", "P", "a"), cri("stdout", "P", "b"), cri("stdout", "F", "c")], [3]],
    ["another stream's line between", [cri("stdout", "P", "a"), cri("stderr", "F", "x"), cri("stdout", "F", "b")], [3]],
    [
      "chunks of both streams between each other",
      ["P", "P", "F", "F"].map((tag, i) => cri(i % 2 === 0 ? "stdout" : "stderr", tag, "a")),
      [4],
    ],
    ["a line of something else", [cri("stdout", "P", "a"), "x\n", cri("stdout", "F", "b")], [1, 1, 1]],
    ["the end of the file", [cri("stdout", "P", "a"), cri("stdout", "P", "b")], [2]],
    ["tags", [cri("stdout", "P:x", "a"), cri("stdout", "F:y", "b")], [2]],
  ])("end where no chunk is open: %s", (_, lines, expected) => {
    expect(sizes(lines.join(""), "cri")).toEqual(expected);
  });

  it.each<[string, string[], number[]]>([
    ["whole lines", [docker("stdout", "a\\n"), docker("stderr", "b\\n")], [1, 1]],
    ["chunks", [docker("stdout", "a"), docker("stderr", "x\\n"), docker("stdout", "b\\n")], [3]],
    ["a backslash and an n", [docker("stdout", "a\\\\n"), docker("stdout", "b\\n")], [2]],
    ["what looks like the end of the text", [docker("stdout", 'a\\",\\"stream\\":\\"stdout\\n')], [1]],
  ])("are the same of Docker: %s", (_, lines, expected) => {
    expect(sizes(lines.join(""), "docker")).toEqual(expected);
  });

  it("are the same however the text came in pieces", () => {
    const tags = "PPFFPFFPPPFFFPFPF".split("");
    const text = tags.map((tag, i) => cri(i % 3 === 0 ? "stderr" : "stdout", tag, "x".repeat(i))).join("");
    const whole = frame(text, 0, options("cri"));
    for (let cut = 1; cut < text.length; cut += 7) {
      const first = frame(text.slice(0, cut), 0, options("cri", { atEnd: false }));
      const rest = frame(text, first.consumed, options("cri"));
      const begins = [...first.begins.subarray(0, first.count), ...rest.begins.subarray(0, rest.count)];
      expect(begins).toEqual([...whole.begins.subarray(0, whole.count)]);
    }
  });

  it("end before they would be longer than a record may be", () => {
    const lines = Array.from({ length: 10 }, () => cri("stdout", "P", "x"));
    expect(sizes(lines.join(""), "cri", { recordBytesMax: lines[0].length * 4 })).toEqual([4, 4, 2]);
  });
});
