import { createRegistry, type FileEntry } from "../files/registry.ts";
import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../model/ports.ts";

/** A known file that was not read to its end and is not where it was. */
export interface LostFile {
  readonly entry: FileEntry;
  /** Name of its source. */
  readonly source: string;
  /** It is missing, and not only what came after it. */
  readonly isMissing: boolean;
  /** It is not looked for again. */
  readonly isLastTry: boolean;
}

/** Known files that are looked for beside the path where they were: rotation moved, copied or compressed them. */
export interface LostFiles {
  /** Takes what the journal knows and that was not finished, where `sourceOf` its path is followed. */
  expect(sourceOf: (path: string) => string | null): void;
  add(entry: FileEntry, source: string): void;
  /** Looks once for what rotation put between a file that is still read and the one at its path. */
  expectNewer(entry: FileEntry, source: string): void;
  /** It was met where it was. */
  met(entry: FileEntry): void;
  remove(entry: FileEntry): void;
  /** Those that it is time to look for. */
  due(): LostFile[];
}

/** First soon, as a copy may be in the making; later less often; at last no more. */
const PAUSES_MS = [0, 3000, 3000, 10_000, 30_000, 60_000, 300_000];

export function createLost(journal: Journal, clock: Clock): LostFiles {
  const lost = new Map<string, Omit<LostFile, "isLastTry"> & { tries: number; lookAtMs: number }>();
  const key = ({ topic, partition }: FileEntry) => `${topic}/${partition}`;

  function add(entry: FileEntry, source: string, tries: number, isMissing = true): void {
    lost.set(key(entry), { entry, source, isMissing, tries, lookAtMs: clock.monotonicMs() + PAUSES_MS[tries] });
  }

  return {
    expect(sourceOf) {
      for (const entry of createRegistry(journal).all()) {
        if (entry.isComplete || entry.origin !== "file" || entry.format === "") continue;
        const source = sourceOf(entry.path);
        // What is where it was is met in the first round, before it is looked for.
        if (source !== null) add(entry, source, 1);
      }
    },
    add: (entry, source) => add(entry, source, 0),
    expectNewer: (entry, source) => add(entry, source, 1, false),
    met: (entry) => void lost.delete(key(entry)),
    remove: (entry) => void lost.delete(key(entry)),
    due() {
      const nowMs = clock.monotonicMs();
      const found: LostFile[] = [];
      for (const one of lost.values()) {
        if (one.lookAtMs > nowMs) continue;
        const isLastTry = !one.isMissing || ++one.tries >= PAUSES_MS.length;
        found.push({ ...one, isLastTry });
        if (isLastTry) lost.delete(key(one.entry));
        else one.lookAtMs = nowMs + PAUSES_MS[one.tries];
      }
      return found;
    },
  };
}
