import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const BENCH = fileURLToPath(new URL("./bench.ts", import.meta.url));

function runBench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, ...args], { encoding: "utf8" });
  return { status, stderr, lines: stdout.trimEnd().split("\n") };
}

describe("npm run bench", () => {
  it("loads a small file, finds everything in the store, and says so in its last line", () => {
    const { status, lines, stderr } = runBench("load", "--only", "json15", "--events", "2000", "--runs", "1");
    expect(stderr).not.toContain("WRONG");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      case: "load/json15",
      events: 2000,
      ok: true,
      rival: { ok: true },
    });
    expect(Math.max(...lines.slice(0, -1).map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(status).toBe(0);
  }, 60_000);

  it("lists its cases when none is named, and refuses one that does not exist", () => {
    expect(runBench().lines.map((line) => line.split(" ")[0])).toEqual([
      "case",
      "load",
      "kafka",
      "latency",
      "windows",
      "memory",
      "parse",
      "formats",
      "mask",
    ]);
    expect(runBench("lode").status).toBe(2);
  }, 30_000);
});
