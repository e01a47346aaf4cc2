import { WeirError } from "../model/errors.ts";
import type { Workplace } from "./workplace.ts";

/** No source may be called so: names have no spaces. */
const LOCK = "weir replay";
const SEQUENCE = "replay.sequence";

/** Runs work that no other replay of this data directory, of either kind, may be beside. Throws SOURCE_BUSY. */
export async function whileAlone<T>({ journal }: Pick<Workplace, "journal">, work: () => Promise<T>): Promise<T> {
  let unlock: () => Promise<void>;
  try {
    unlock = await journal.lock(LOCK, 0);
  } catch (error) {
    if (!(error instanceof WeirError && error.code === "SOURCE_BUSY")) throw error;
    const message = "Another replay is under way in this data directory; wait for it to end, or stop it.";
    throw new WeirError("SOURCE_BUSY", message, { cause: error });
  }
  try {
    return await work();
  } finally {
    await unlock();
  }
}

/** A number that this journal has never given before: for tokens that must not meet those of an earlier try. */
export async function nextAttempt({ journal }: Workplace): Promise<number> {
  const next = Number(journal.getMeta(SEQUENCE) ?? 0) + 1;
  await journal.putMeta(SEQUENCE, String(next));
  return next;
}
