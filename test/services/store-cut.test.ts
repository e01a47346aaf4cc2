import { expect, it } from "vitest";
import { decideCut, NO_CUTS } from "../../processors/close/decide.ts";
import type { ClickHouse } from "../../processors/model/ports.ts";
import { storeCut } from "../../processors/services/close-cut.ts";

/** A batch that is gone is reason enough for a cut. */
const GONE = {
  topic: "a",
  partition: 0,
  batchStart: 0n,
  batchEnd: 9n,
  run: 0,
  source: "a",
  timestampUsMin: 1,
  timestampUsMax: 2,
};
const tick = { history: NO_CUTS, nowUs: 1_000_000, partitions: [], added: [], sizesUs: [1_000_000], isForced: true };
const cut = decideCut({ ...tick, removed: [GONE] })!;

/** A store that acknowledges what comes with some tokens, and keeps what comes with any other. */
function storeWithout(burnt: readonly string[]): ClickHouse & { readonly tokens: string[] } {
  const tokens: string[] = [];
  let isThere = false;
  return {
    tokens,
    async insert({ token }) {
      tokens.push(token);
      if (!burnt.includes(token)) isThere = true;
    },
    async query<R>() {
      return (isThere ? [{ watermarkUs: "0", decidedUs: "1000000" }] : []) as R[];
    },
    async command() {},
    async close() {},
  };
}

it("a cut whose token was burnt is stored with the next one", async () => {
  const store = storeWithout(["cut 1"]);
  expect(await storeCut(store, cut)).toMatchObject({ id: 1, decidedUs: 1_000_000 });
  expect(store.tokens).toEqual(["cut 1", "cut 1|1"]);
});

it("a cut that is acknowledged and never there is an error that says so", async () => {
  const store = storeWithout(["cut 1", "cut 1|1", "cut 1|2"]);
  await expect(storeCut(store, cut)).rejects.toMatchObject({ code: "STORE_REJECTED" });
});
