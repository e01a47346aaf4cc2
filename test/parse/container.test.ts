import { describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import { EventBatch } from "../../processors/model/event-batch.ts";
import { detect } from "../../processors/parse/detect.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { lineOf } from "../support/fill-layout.ts";
import { makeParseOptions, makeRecords, rowsOf } from "../support/make-records.ts";

const OPTIONS = { recordBytesMax: 10_000, recordsMax: 100, bytesMax: 100_000, atEnd: true };

function parse(format: "cri" | "docker", lines: readonly string[], over = {}) {
  const text = lines.map((line) => `${line}\n`).join("");
  const framed = frame(text, 0, { ...OPTIONS, join: format });
  const batch = new EventBatch(1);
  batch.begin({ ...makeRecords([]), text, ...framed });
  createParse(makeParseOptions({ format, ...over }))(batch);
  return batch;
}

const cri = (stream: string, tag: string, text: string, at = 0) =>
  `2026-03-02T12:00:0${at}.000000000Z ${stream} ${tag} ${text}`;
const docker = (stream: string, log: string) => `{"log":"${log}","stream":"${stream}","time":"2026-03-02T12:00:00.0Z"}`;

describe("lines of a container's program", () => {
  it("are put together of their chunks, each stream for itself, in the order in which they end", () => {
    const lines = [
      cri("stdout", "P", "one "),
      cri("stderr", "P", '{"msg":'),
      cri("stdout", "P", "two "),
      cri("stderr", "F", '"bad"}'),
      cri("stderr", "F", "alone"),
      cri("stdout", "F", "three"),
      cri("stdout", "F", "next"),
    ];
    const batch = parse("cri", lines);
    expect(rowsOf(batch).map(({ body }) => body)).toEqual(["bad", "alone", "one two three", "next"]);
    expect([...batch.record.subarray(0, 4)]).toEqual([0, 0, 0, 1]);
    expect([...batch.index.subarray(0, 4)]).toEqual([0, 1, 2, 0]);
    expect([0, 1, 2, 3].map((row) => lineOf(batch, row))).toEqual([
      [lines[1], lines[3]].join("\n"),
      lines[4],
      [lines[0], lines[2], lines[5]].join("\n"),
      lines[6],
    ]);
  });

  it("have Docker's escapes undone, and are given back with them", () => {
    const lines = [
      docker("stdout", '{\\"level\\":\\"warn\\",\\"msg\\":\\"low\\"}\\n'),
      docker("stdout", 'said \\"a\\" \\u003c\\n'),
      docker("stderr", "first "),
      docker("stderr", "caf\\u00e9\\n"),
    ];
    const batch = parse("docker", lines);
    expect(rowsOf(batch).map(({ body }) => body)).toEqual(["low", 'said "a" <', "first caf\xc3\xa9"]);
    expect(batch.line_kept.isEmpty(0)).toBe(true);
    expect([0, 1, 2].map((row) => lineOf(batch, row))).toEqual([lines[0], lines[1], lines.slice(2).join("\n")]);
  });

  it("have the time of the container's log where they have none", () => {
    const rows = rowsOf(parse("cri", [cri("stdout", "F", "up", 7), cri("stdout", "F", "2026-03-02 11:00:00 up", 7)]));
    expect(rows.map(({ timestamp }) => timestamp)).toEqual([
      "2026-03-02T12:00:07.000000Z",
      "2026-03-02T11:00:00.000000Z",
    ]);
  });

  it("are dropped where they are blank, and the record with them if it has no other", () => {
    const batch = parse("cri", [
      cri("stdout", "F", ""),
      cri("stdout", "P", "a"),
      cri("stderr", "F", " "),
      cri("stdout", "F", "b"),
    ]);
    expect([...batch.outcomes.subarray(0, 2)]).toEqual([1, 0]);
    expect(batch.rows).toBe(1);
  });

  it("come of a container, or are dead letters where that was declared", () => {
    const lines = ["no container", cri("stdout", "F", "a")];
    expect(rowsOf(parse("cri", lines)).map(({ format }) => format)).toEqual(["text", "text"]);
    const declared = parse("cri", lines, { isDeclared: true });
    expect(declared.deadLetters.map(({ code }) => code)).toEqual(["PARSE_NOT_CRI"]);
    expect(declared.rows).toBe(1);
  });

  it.each([
    ["cri:json", [cri("stdout", "F", '{"a":1}')]],
    ["docker:json", [docker("stdout", '{\\"a\\":1}\\n')]],
    ["cri:nginx_error", [cri("stderr", "F", "2026/03/02 12:00:01 [notice] 1#1: start")]],
    ["cri", [cri("stderr", "F", "hello")]],
  ])("make a file %s", (format, lines) => {
    expect(detect(`${lines.join("\n")}\n`)).toBe(format);
  });
});
