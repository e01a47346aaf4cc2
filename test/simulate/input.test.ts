import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeLooped, writeShop } from "../bench/input.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-input-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function linesOf(path: string): string[] {
  const text = readFileSync(path, "latin1");
  expect(text.endsWith("\n")).toBe(true);
  return text.slice(0, -1).split("\n");
}

describe("a looped file", () => {
  const first = '192.0.2.1 - - [01/Jan/2020:00:00:00 +0000] "GET /a[1] HTTP/1.1" 200 5 "-" "\xe9\xff"';
  const second = '192.0.2.2 - - [05/Jan/2020:10:00:00 +0100] "GET /b HTTP/1.1" 404 7 "-" "x"';

  it("repeats the lines with advancing time and everything else byte for byte", () => {
    const input = join(folder, "input.log");
    writeFileSync(input, `${first}\nno time here\n${second}\n`, "latin1");
    const output = join(folder, "cache", "looped.log");
    writeLooped(input, output, 8, 2);
    const at = (line: string, time: string) => line.replace(/\[\d.*?\]/, `[02/Mar/2026:00:00:0${time} +0000]`);
    expect(linesOf(output)).toEqual([
      ...[at(first, "0"), "no time here", at(second, "1"), at(first, "1")],
      ...["no time here", at(second, "2"), at(first, "3"), "no time here"],
    ]);
  });

  it("is complete without a newline at the input's end", () => {
    const input = join(folder, "input.log");
    writeFileSync(input, first, "latin1");
    writeLooped(input, join(folder, "looped.log"), 3, 1);
    expect(linesOf(join(folder, "looped.log")).length).toBe(3);
  });
});

describe("a file of the shop", () => {
  it.each([
    ["access", /^\S+ - - \[02\/Mar\/2026:/],
    ["json", /^\{"timestamp":"2026-03-02T.*\}$/],
    ["logfmt", /^ts=2026-03-02T/],
  ] as const)("of kind %s has as many whole lines as asked for, the same for the same seed", (kind, shape) => {
    writeShop(kind, join(folder, "one"), 3001, 5);
    writeShop(kind, join(folder, "two"), 3001, 5);
    const lines = linesOf(join(folder, "one"));
    expect(lines.length).toBe(3001);
    for (const line of lines) expect(line).toMatch(shape);
    expect(linesOf(join(folder, "two"))).toEqual(lines);
  });

  it("has a trace id and an order id of its own in every line", () => {
    writeShop("json", join(folder, "json"), 20_000, 5);
    writeShop("logfmt", join(folder, "logfmt"), 20_000, 5);
    const events = linesOf(join(folder, "json")).map((line) => JSON.parse(line));
    const orders = linesOf(join(folder, "logfmt")).map((line) => /order=(\S+)/.exec(line)![1]);
    expect(new Set(events.map((event) => event.trace_id)).size).toBe(20_000);
    expect(new Set(events.map((event) => /A-[0-9A-Z]{9,}/.exec(event.message)![0])).size).toBe(20_000);
    expect(new Set(orders).size).toBe(20_000);
  });

  it("is written once and leaves nothing else behind", () => {
    const path = join(folder, "once");
    writeFileSync(path, "as it was\n");
    writeShop("access", path, 10, 5);
    writeLooped(path, path, 10, 5);
    expect(readFileSync(path, "utf8")).toBe("as it was\n");
    writeShop("access", join(folder, "other"), 10, 5);
    expect(readdirSync(folder).toSorted()).toEqual(["once", "other"]);
  });
});
