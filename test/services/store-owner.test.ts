import { describe, expect, it } from "vitest";
import { type Acquaintance, mayWrite } from "../../processors/services/store-owner.ts";

const NEW: Acquaintance = { known: "none", isStoreUsed: false, isJournalUsed: false, isAlone: true };

describe("a journal and a store", () => {
  it.each<[Partial<Acquaintance>, ReturnType<typeof mayWrite>, string]>([
    [{}, "adopt", "both are new"],
    [{ isJournalUsed: true }, "adopt", "the store is new: the journal's sources are read into it again"],
    [{ known: "this" }, "yes", "they know each other"],
    [{ known: "this", isStoreUsed: true, isJournalUsed: true }, "yes", "they know each other and were used"],
    [{ isStoreUsed: true, isJournalUsed: true }, "adopt", "a used store from before journals were remembered"],
    [{ isStoreUsed: true }, "no", "the same, but its journal is lost"],
    [{ known: "other" }, "adopt", "the journal was lost before anything was stored"],
    [{ known: "other", isAlone: false }, "no", "another machine may be about to store"],
    [{ known: "other", isStoreUsed: true }, "no", "the journal was lost"],
    [{ known: "other", isStoreUsed: true, isJournalUsed: true }, "no", "the store is another journal's"],
    [{ known: "other", isStoreUsed: true, isAlone: false }, "no", "another machine has stored"],
  ])("%j: %s, as %s", (over, answer) => {
    expect(mayWrite({ ...NEW, ...over })).toBe(answer);
  });
});
