import { findFiles, findInputs } from "../files/find-files.ts";
import { unrotated } from "../files/siblings.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { createProofBook, type ProofBook } from "./attendance.ts";
import { createFileOpener, type OpenFile, type OpenProcessor } from "./followed-file.ts";
import { createLost, type LostFile } from "./lost-files.ts";
import { sourceNameOf } from "./partition.ts";
import { due, type Place, placeAt } from "./place.ts";
import type { Workplace } from "./workplace.ts";

export interface FollowOptions {
  readonly config: Config;
  /** Files, folders and patterns to follow; none: those that the configuration's sources name. */
  readonly files: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Errors that keep only the file that they are of from going on, beside those of reading it. */
  readonly isOfOneFile?: (error: WeirError) => boolean;
  /** Runs the work of several files side by side; one after the other without. */
  readonly together?: (work: readonly (() => Promise<void>)[]) => Promise<readonly PromiseSettledResult<void>[]>;
}

/** What a run takes its records from. */
export interface Inputs {
  /** Takes what has come and stores it. */
  drain(): Promise<void>;
  /** Stores what is left and lets go of the sources. */
  close(): Promise<void>;
  /** What the last `drain` proved of the ends of partitions. */
  readonly proofs: ProofBook;
  /** The time that the records are of. */
  readonly clock: Clock;
}

/** How often it is looked for new files, and how long one waits that could not be read twice. */
const LOOK_MS = 10_000;
/** A file that was rotated away or deleted is finished when nothing was written to it for so long. */
const QUIET_MS = 5000;
/** So many files are taken side by side, if all of it is not more than a batch may be. */
const GROUP_FILES = 128;
/** Handles that are kept open while nothing is read by them; more are open only while they are. */
const HANDLES_MAX = 512;
/** A file that is not written to is closed after so long, sooner when its name says that it was rotated. */
const IDLE_MS = 600_000;
const IDLE_ROTATED_MS = 10_000;

/** A file that lost its path, and is read to its end. */
interface Leaving {
  readonly place: Place;
  readonly open: OpenFile;
  sizeBytes: number;
  quietSinceMs: number;
}

/** Follows files as they grow, are rotated and appear. One that can't be read is told once and left until it can be. */
export function followFiles(
  options: FollowOptions,
  workplace: Pick<Workplace, "journal" | "config" | "formats">,
  openProcessor: OpenProcessor,
): Inputs {
  const { config, files, clock, signal, logger } = options;
  const places = new Map<string, Place>();
  const leaving = new Set<Leaving>();
  const proofs = createProofBook(workplace.journal, clock);
  const opener = createFileOpener(workplace, proofs, openProcessor);
  const lost = createLost(workplace.journal, clock);
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let skipped = 0;

  /** Adds what the arguments, or the sources' patterns, mean by now; a file of two sources belongs to the first. */
  async function look(): Promise<void> {
    const isFirst = places.size === 0;
    const seen = new Set<string>();
    const add = (path: string, source: string, by: Place["by"]) => {
      seen.add(path);
      if (!places.has(path)) places.set(path, placeAt(path, source, by));
    };
    for (const { path, by } of await findInputs(files, config.data.directory)) add(path, sourceNameOf(path), by);
    if (files.length === 0)
      for (const { name, files: patterns } of config.sources)
        for (const path of await findFiles(patterns)) add(path, name, "matched");
    for (const { path, open, by } of places.values())
      if (open === null && by !== "beside" && !seen.has(path)) places.delete(path);
    if (isFirst) lost.expect((path) => places.get(path)?.source ?? places.get(unrotated(path))?.source ?? null);
  }

  /** Inodes that are being read: a second name of one is not read beside it. */
  function held(): Set<string> {
    const inodes = new Set<string>();
    for (const { open } of places.values()) if (open !== null) inodes.add(open.source.inode);
    for (const { open } of leaving) inodes.add(open.source.inode);
    return inodes;
  }

  /** Runs the work of several files, side by side where that can be; throws the first error when all came to their end. */
  async function runAll(work: readonly (() => Promise<void>)[]): Promise<void> {
    if (options.together === undefined) for (const one of work) await one();
    else
      for (let at = 0; at < work.length; at += GROUP_FILES)
        for (const result of await options.together(work.slice(at, at + GROUP_FILES)))
          if (result.status === "rejected") throw result.reason;
  }

  /** Drains an open file as it is now, or to its end. */
  async function drainOpen({ source, processor }: OpenFile, isFinal: boolean): Promise<void> {
    if (isFinal) source.setEnd("final");
    await proofs.whileDraining(source, isFinal, signal, processor.drain);
  }

  async function drainPlace(place: Place, inodes: Set<string>): Promise<void> {
    const { signature, inode } = place;
    if (place.open === null) {
      if (inodes.has(inode)) return;
      inodes.add(inode);
      place.open = await opener.openPath(place);
      if (place.open === null) place.handled = signature;
      if (place.open === null) return;
      await lost.met(place.open.source.entry);
    }
    const { open } = place;
    await drainOpen(open, false);
    if (signal.aborted) return;
    place.handled = signature;
    place.partition = { topic: open.source.topic, partition: open.source.partition };
    // An archive does not grow.
    if (open.source.isArchive) await closePlace(place);
  }

  async function closePlace(place: Place): Promise<void> {
    const { open } = place;
    place.open = null;
    if (open === null) return;
    await proofs.note(open.source);
    await opener.close(open);
  }

  async function closePlaces(closing: readonly Place[]): Promise<void> {
    await runAll(closing.filter(({ open }) => open !== null).map((place) => () => closePlace(place)));
  }

  /** One of a file's errors is told, and the file tried again; any other ends the run. */
  async function failed(place: Place, open: OpenFile | null, error: unknown): Promise<void> {
    if (open !== null) await opener.close(open);
    if (!(error instanceof WeirError) || !isOfOneFile(error, options)) throw error;
    const { code, message } = error;
    // What it held may be found beside it: it was copied away before it was cut.
    if (code === "SOURCE_TRUNCATED" && open !== null) lost.add(open.source.entry, place.source);
    if (place.failure === code && code !== "SOURCE_TRUNCATED") place.retryAtMs = clock.monotonicMs() + LOOK_MS;
    else if (code === "SOURCE_BUSY" && place.path !== unrotated(place.path))
      logger.debug({ file: place.path }, "A copy of a file that is being read waits.");
    else if (code !== "SOURCE_TRUNCATED")
      logger.warn({ file: place.path, code, reason: message }, "File could not be read; the others go on.");
    else logger.info({ file: place.path, reason: message }, "File was cut; it is read anew.");
    place.failure = code;
    place.handled = "";
  }

  /** What was rotated away or deleted is read to its end first; it may still be written to for a while. */
  async function drainLeaving(one: Leaving): Promise<void> {
    const { place, open } = one;
    try {
      const { sizeBytes } = await open.source.standing();
      const nowMs = clock.monotonicMs();
      if (sizeBytes !== one.sizeBytes) {
        one.sizeBytes = sizeBytes;
        one.quietSinceMs = nowMs;
        await drainOpen(open, false);
      } else if (nowMs - one.quietSinceMs >= QUIET_MS) {
        await drainOpen(open, true);
        if (signal.aborted) return;
        await proofs.note(open.source);
        leaving.delete(one);
        await opener.close(open);
      }
    } catch (error) {
      leaving.delete(one);
      await failed({ ...place, failure: null }, open, error);
    }
  }

  async function drainAllLeaving(): Promise<void> {
    const bytesOf = ({ open }: Leaving) => open.source.sizeBytes - Number(open.source.entry.offset);
    for (const group of groupsOf([...leaving], bytesOf, config.batch.bytesMax))
      await runAll(
        group.map((one) => async () => {
          if (!signal.aborted) await drainLeaving(one);
        }),
      );
  }

  async function takeLost({ entry, source, isMissing, isLastTry }: LostFile): Promise<void> {
    const place = placeAt(entry.path, source, "beside");
    const beside = await opener.openKnown(entry, source, held());
    if (beside.open !== null) {
      lost.remove(entry);
      leaving.add({ place, open: beside.open, sizeBytes: -1, quietSinceMs: clock.monotonicMs() });
    } else if (isMissing && isLastTry) {
      await opener.giveUp(entry);
      const { path, topic, partition, offset } = entry;
      logger.warn(
        { file: path, topic, partition, offset },
        "File is gone; what it had after this offset was not read.",
      );
    }
    // What came between that one and the file that is there now was never met.
    for (const path of beside.newer) if (!places.has(path)) places.set(path, placeAt(path, source, "beside"));
  }

  async function retry(place: Place, inodes: Set<string>): Promise<void> {
    inodes.delete(place.inode);
    try {
      await drainPlace(place, inodes);
    } catch {
      if (place.open !== null) await opener.close(place.open);
      place.open = null;
    }
  }

  async function drainGroup(group: readonly Place[], inodes: Set<string>): Promise<void> {
    const work = group.map((place) => async () => {
      if (signal.aborted) return;
      try {
        await drainPlace(place, inodes);
        place.failure = null;
      } catch (error) {
        const { open } = place;
        place.open = null;
        await failed(place, open, error);
        // What the path holds now may be cut again soon.
        if (open !== null && place.failure === "SOURCE_TRUNCATED") await retry(place, inodes);
      }
    });
    await runAll(work);
  }

  /** Handles of those that were read longest ago are let go of. */
  async function restSome(): Promise<void> {
    const open = [...places.values()].filter((place) => place.open !== null && !place.open.source.isResting);
    open.sort((a, b) => a.changedAtMs - b.changedAtMs);
    for (const place of open.slice(0, Math.max(0, open.length - HANDLES_MAX))) await place.open?.source.rest();
  }

  async function closeIdle(nowMs: number): Promise<void> {
    const idle = [...places.values()].filter((place) => {
      const idleMs = place.path === unrotated(place.path) ? IDLE_MS : IDLE_ROTATED_MS;
      return nowMs - place.changedAtMs >= idleMs && place.handled === place.signature;
    });
    await closePlaces(idle);
    for (const place of idle) if (place.by === "beside") places.delete(place.path);
  }

  return {
    clock,
    proofs,
    async drain() {
      const nowMs = clock.monotonicMs();
      if (nowMs - lookedAtMs >= LOOK_MS) {
        lookedAtMs = nowMs;
        await look();
        await closeIdle(nowMs);
      }
      const { changed, moved, unchanged } = await due(places, clock);
      for (const place of moved) {
        const open = place.open as OpenFile;
        place.open = null;
        leaving.add({ place, open, sizeBytes: -1, quietSinceMs: nowMs });
        lost.expectNewer(open.source.entry, place.source);
      }
      for (const place of unchanged) if (place.partition !== null) proofs.renew(place.partition);
      await runAll(lost.due().map((one) => () => takeLost(one)));
      await drainAllLeaving();
      const inodes = held();
      const bytesOf = ({ open, sizeBytes }: Place) => sizeBytes - Number(open?.source.entry.offset ?? 0);
      for (const group of groupsOf(changed, bytesOf, config.batch.bytesMax)) {
        if (signal.aborted) return;
        await drainGroup(group, inodes);
        await restSome();
        // A large round takes long; what was rotated meanwhile is not waited for.
        await drainAllLeaving();
      }
      const left = [...places.values()].filter(({ isBinary }) => isBinary).length;
      if (left > skipped) logger.info({ files: left }, "Files that hold no text are left out.");
      skipped = left;
    },
    async close() {
      await runAll(
        [...leaving].map(({ open }) => async () => {
          await proofs.note(open.source);
          await opener.close(open);
        }),
      );
      leaving.clear();
      await closePlaces([...places.values()]);
    },
  };
}

/** Files that are taken side by side: not more bytes than a batch may have, but one at least. */
function* groupsOf<One>(all: readonly One[], bytesOf: (one: One) => number, bytesMax: number): Generator<One[]> {
  let group: One[] = [];
  let bytes = 0;
  for (const one of all) {
    const more = Math.max(0, bytesOf(one));
    if (group.length > 0 && (group.length >= GROUP_FILES || bytes + more > bytesMax)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(one);
    bytes += more;
  }
  if (group.length > 0) yield group;
}

function isOfOneFile(error: WeirError, options: FollowOptions): boolean {
  return error.code.startsWith("SOURCE_") || error.code.startsWith("PLAN_") || (options.isOfOneFile?.(error) ?? false);
}
