import { describe, expect, it } from "vitest";
import { engineCode, toWeirError } from "../../processors/clickhouse/error.ts";
import { WeirError } from "../../processors/model/errors.ts";

const engine = (code: number, text: string) =>
  new Error(`Code: ${code}. DB::Exception: ${text}. (NAME) (version 26.7)`);

describe("toWeirError", () => {
  for (const [error, activity, code, retriable] of [
    [engine(243, "Cannot reserve 1 MiB, not enough space"), "insert", "STORE_DISK_FULL", true],
    [engine(75, "Cannot write: errno: 28, strerror: No space left on device"), "insert", "STORE_DISK_FULL", true],
    [new Error("ENOSPC: no space left on device, write"), "insert", "STORE_DISK_FULL", true],
    [engine(60, "Unknown table x WHERE body = 'No space left on device'"), "query", "STORE_QUERY_FAILED", false],
    [engine(60, "Unknown table x"), "insert", "STORE_REJECTED", false],
    [engine(53, "Type mismatch"), "insert", "STORE_REJECTED", false],
    [engine(62, "Syntax error"), "command", "STORE_REJECTED", false],
    [engine(62, "Syntax error"), "query", "STORE_QUERY_FAILED", false],
    [engine(241, "Memory limit exceeded"), "insert", "STORE_UNREACHABLE", true],
    [engine(252, "Too many parts"), "insert", "STORE_UNREACHABLE", true],
    [engine(159, "Timeout exceeded"), "query", "STORE_UNREACHABLE", true],
    [engine(164, "Cannot execute query in readonly mode"), "query", "STORE_READONLY", false],
    [Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }), "insert", "STORE_UNREACHABLE", true],
    [new Error("<html>502 Bad Gateway</html>"), "insert", "STORE_UNREACHABLE", true],
    [Object.assign(new Error("Unknown table x"), { code: "60" }), "query", "STORE_QUERY_FAILED", false],
  ] as const) {
    it(`${error.message.slice(0, 60)}, at ${activity}: ${code}`, () => {
      const found = toWeirError(error, activity, "here");
      expect([found.code, found.retriable]).toEqual([code, retriable]);
    });
  }

  it("leaves a WeirError as it is", () => {
    const error = new WeirError("USAGE", "No.");
    expect(toWeirError(error, "query", "here")).toBe(error);
  });

  it("says it in one sentence, without the engine's repetitions, and keeps the cause", () => {
    const error = new Error(
      "Code: 47. DB::Exception: Code: 47. DB::Exception: Missing x.\nIn scope. (A) (version 1). (A)",
    );
    const found = toWeirError(error, "insert", "the insert into events");
    expect(found.message).toBe(
      "ClickHouse failed at the insert into events: Missing x. In scope. (A); compare it with the table's columns and settings.",
    );
    expect(engineCode(found)).toBe(47);
  });
});
