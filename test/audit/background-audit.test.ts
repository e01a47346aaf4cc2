import { describe, expect, it } from "vitest";
import { WeirError } from "../../processors/model/errors.ts";
import { createLogger } from "../../processors/runtime/logger.ts";
import { createBackgroundAudit } from "../../processors/services/background-audit.ts";
import { createObserver } from "../../processors/services/observer.ts";

/** A store that only answers what an audit asks for first, or fails. */
function auditing(answer: () => Promise<unknown[]>) {
  let nowMs = 0;
  const clock = { nowUs: () => 1_772_445_600_000_000 + nowMs * 1000, monotonicMs: () => nowMs, sleep: async () => {} };
  const log: string[] = [];
  const output = { isTTY: false, write: (text: string) => log.push(text) > 0 };
  const logger = createLogger({ level: "info", output, colored: false, json: true });
  const observer = createObserver(clock);
  let asked = 0;
  const store = {
    async query(sql: string) {
      if (sql.includes("system.tables")) asked++;
      return sql.includes("system.tables") ? answer() : [];
    },
  };
  const place = { store, journal: null, formats: [], config: { rules: [] } } as never;
  const audit = createBackgroundAudit(place, { clock, logger, observer, firstMs: 100, everyMs: 1000 });
  return {
    log,
    observer,
    get asked() {
      return asked;
    },
    async tickAt(ms: number) {
      nowMs = ms;
      audit.tick();
      audit.tick();
      await audit.close();
    },
  };
}

describe("an audit beside other work", () => {
  it("begins after a while, goes on in intervals, and never twice at once", async () => {
    const one = auditing(async () => [{ name: "ledger", days: 0 }]);
    const asked: number[] = [];
    for (const ms of [0, 99, 100, 500, 1099, 1100]) {
      await one.tickAt(ms);
      asked.push(one.asked);
    }
    expect(asked).toEqual([0, 0, 1, 1, 1, 2]);
    expect(one.log.join("")).toContain("Audited; nothing is wrong.");
    expect(await one.observer.metrics.text()).toContain("weir_audit_time_seconds 1772445601\n");
  });

  it("tells of an error, and does not end the work", async () => {
    const one = auditing(() => Promise.reject(new WeirError("STORE_UNREACHABLE", "The store is gone.")));
    await one.tickAt(100);
    expect(one.log.join("")).toContain('"code":"STORE_UNREACHABLE"');
    await one.tickAt(2000);
    expect(one.asked).toBe(2);
  });
});
