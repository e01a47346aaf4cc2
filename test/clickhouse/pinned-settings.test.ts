import { describe, expect, it } from "vitest";
import { checkPinnedSettings, PINNED } from "../../processors/clickhouse/pinned-settings.ts";
import { WeirError } from "../../processors/model/errors.ts";
import type { ClickHouse } from "../../processors/model/ports.ts";
import { useStore } from "../support/make-store.ts";

/** A server that says these things of itself; the real one beside it lets everything be set. */
function server(over: { values?: Record<string, string>; window?: number; refusal?: WeirError }): ClickHouse {
  return {
    async query<Row>(sql: string): Promise<Row[]> {
      if (sql.includes("system.tables")) {
        const create_table_query = `… SETTINGS non_replicated_deduplication_window = ${over.window ?? 20_000}`;
        return [{ name: "events", create_table_query }] as Row[];
      }
      if (over.refusal !== undefined) throw over.refusal;
      const values = { ...PINNED, ...over.values };
      return Object.entries(values).map(([name, value]) => ({ name, value: String(value) })) as Row[];
    },
    insert: async () => {},
    command: async () => {},
    close: async () => {},
  };
}

describe("the settings of an insert", () => {
  const store = useStore();

  it("are in effect at the real engine, whose tables remember tokens for long", async () => {
    await checkPinnedSettings(store());
  });

  it.each([
    ["another value", { values: { async_insert: "1" } }, "holds async_insert at 1, where 0 is needed"],
    ["a short memory", { window: 5 }, "remembers 5 inserts into events"],
    [
      "a profile that forbids it",
      { refusal: new WeirError("STORE_QUERY_FAILED", "Setting async_insert should not be changed.") },
      "does not let this account give the settings of an insert",
    ],
  ])("are refused with %s", async (_, over, says) => {
    const refused = { code: "STORE_SETTINGS", message: expect.stringContaining(says) };
    await expect(checkPinnedSettings(server(over))).rejects.toMatchObject(refused);
  });

  it("are not judged when nobody answers", async () => {
    const refusal = new WeirError("STORE_UNREACHABLE", "Nobody answers.");
    await expect(checkPinnedSettings(server({ refusal }))).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
  });
});
