import type { Store } from "../clickhouse/store.ts";
import type { Journal } from "../journal/journal.ts";
import { WeirError } from "../model/errors.ts";

/** What is known when a journal is to be used with a store. */
export interface Acquaintance {
  /** The store knows this journal, another one, or none yet. */
  readonly known: "this" | "other" | "none";
  /** The store has ledger rows: partitions were numbered by the journal that wrote them. */
  readonly isStoreUsed: boolean;
  /** The journal has commits. */
  readonly isJournalUsed: boolean;
  /** Nobody else can be about to write into the store. */
  readonly isAlone: boolean;
}

/**
 * Whether a journal may write into a store. It numbers the files; under the numbers of another journal the ledger would
 * say of new lines that they are stored.
 */
export function mayWrite({ known, isStoreUsed, isJournalUsed, isAlone }: Acquaintance): "yes" | "adopt" | "no" {
  if (known === "this") return "yes";
  // A store from before journals were remembered belongs to the one that has commits.
  if (known === "none") return isStoreUsed && !isJournalUsed ? "no" : "adopt";
  return isStoreUsed || !isAlone ? "no" : "adopt";
}

/** Makes the store remember the journal, or throws JOURNAL_FOREIGN when it was written with another one. */
export async function claimStore(store: Store, journal: Journal): Promise<void> {
  const [owner] = await store.query<{ id: string }>("SELECT id FROM journals ORDER BY adopted_at DESC LIMIT 1");
  const ledgerRows = await store.query("SELECT 1 AS found FROM ledger LIMIT 1");
  const answer = mayWrite({
    known: owner === undefined ? "none" : owner.id === journal.id ? "this" : "other",
    isStoreUsed: ledgerRows.length > 0,
    isJournalUsed: journal.view.range(["commit"]).length > 0,
    isAlone: store.kind === "embedded",
  });
  if (answer === "adopt") {
    await store.command("INSERT INTO journals (id) SELECT {id:String}", { id: journal.id });
  } else if (answer === "no") {
    throw new WeirError(
      "JOURNAL_FOREIGN",
      `The store was written with another journal than the one in ${journal.dir}/journal, which can't tell what is stored of which file; restore that journal, or use another data directory.`,
    );
  }
}
