import { WeirError } from "../model/errors.ts";
import { createEntrySource, type EntrySource, type SourceOptions } from "./entry-source.ts";
import { spoolReader } from "./intake.ts";
import { createRegistry } from "./registry.ts";
import { spoolParts } from "./spool-source.ts";

/**
 * What earlier runs took from a pipe and did not finish, as sources. `final`: nothing more will come, so that the last
 * entry is finished as it is. Otherwise it waits for the pipe that may bring the rest, and contents that were not told
 * from known ones yet wait too. So: leftovers, then `openStdinSource`, then the rest of the leftovers, final.
 *
 * What another process is working on is left to it.
 */
export async function openLeftovers(options: SourceOptions, final: boolean): Promise<EntrySource[]> {
  const registry = createRegistry(options.store);
  const sources: EntrySource[] = [];
  for (const found of registry.all()) {
    const spool = options.store.spool(found.topic, found.partition);
    const { begin, end } = spool.range();
    if (begin === end || (found.isPending && !final)) continue;
    let unlock: () => Promise<void>;
    try {
      unlock = await options.store.lock(found.topic, found.partition);
    } catch (error) {
      if (error instanceof WeirError && error.code === "SOURCE_BUSY") continue;
      throw error;
    }
    const entry = { ...(registry.get(found.topic, found.partition) ?? found), isPending: false };
    if (spool.range().end <= entry.offset) {
      await spool.release(entry.offset);
      await unlock();
      continue;
    }
    if (found.isPending) await registry.update(entry);
    const parts = spoolParts(options, entry, spool, final ? "final" : "open", unlock);
    sources.push(await createEntrySource(parts, spoolReader(spool)));
  }
  return sources;
}
