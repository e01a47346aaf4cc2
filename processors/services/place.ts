import { stat } from "node:fs/promises";
import type { FoundFile } from "../files/find-files.ts";
import { unrotated } from "../files/siblings.ts";
import type { Clock, Partition } from "../model/ports.ts";
import type { OpenFile } from "./followed-file.ts";

/** A followed path, and the file that is there now. */
export interface Place {
  readonly path: string;
  /** Name of the source. */
  readonly source: string;
  /** How it came to be followed; beside: rotation put it beside a followed path. */
  readonly by: FoundFile["by"] | "beside";
  open: OpenFile | null;
  /** "device:inode", and that with size and mtime, when last looked at; "" while there is none. */
  inode: string;
  signature: string;
  sizeBytes: number;
  /** What was read to its end, or needs no reading. */
  handled: string;
  /** When the signature was first seen, and when it is looked at again. */
  changedAtMs: number;
  lookAtMs: number;
  /** Since when it is there and was not read. */
  waitsSinceMs: number | null;
  /** What it is in the store; null while nothing was read. */
  partition: Partition | null;
  isBinary: boolean;
  /** Code of the error that the last try ended with. */
  failure: string | null;
  retryAtMs: number;
}

export function placeAt(path: string, source: string, by: Place["by"]): Place {
  const nothing = { open: null, inode: "", signature: "", sizeBytes: 0, handled: "", partition: null };
  const times = { changedAtMs: 0, lookAtMs: 0, waitsSinceMs: null, retryAtMs: 0 };
  return { path, source, by, ...nothing, ...times, isBinary: false, failure: null };
}

/** One that has not changed for a minute is looked at less often: after a share of the time for which it has not, up to 10 s. */
const STILL_MS = 60_000;
const STILL_SHARE = 1 / 12;
const LOOK_MS_MAX = 10_000;
/** Copies and archives in the making are left until they have not changed for so long, but not for ever. */
const SETTLED_MS = 3000;
const SETTLED_MS_MAX = 30_000;
/** System calls at a time. */
const LOOKS = 32;

export interface Due {
  readonly changed: readonly Place[];
  /** The open file is not at its path any more. */
  readonly moved: readonly Place[];
  readonly unchanged: readonly Place[];
}

/** Looks at every place that it is time for, and says what has happened there. */
export async function due(places: ReadonlyMap<string, Place>, clock: Clock): Promise<Due> {
  const changed: Place[] = [];
  const moved: Place[] = [];
  const unchanged: Place[] = [];
  const nowMs = clock.monotonicMs();
  const nowUs = clock.nowUs();

  async function lookAt(place: Place): Promise<void> {
    const found = await stat(place.path, { bigint: true }).catch(() => null);
    const inode = found === null ? "" : `${found.dev}:${found.ino}`;
    const signature = found === null ? "" : `${inode}:${found.size}:${found.mtimeNs}`;
    if (place.open !== null && inode !== place.open.source.inode) {
      moved.push(place);
      place.handled = "";
    }
    if (signature !== place.signature) place.changedAtMs = nowMs;
    Object.assign(place, { inode, signature, sizeBytes: Number(found?.size ?? 0) });
    const stillMs = nowMs - place.changedAtMs;
    place.lookAtMs = stillMs > STILL_MS ? nowMs + Math.min(stillMs * STILL_SHARE, LOOK_MS_MAX) : nowMs;
    if (signature !== "" && signature === place.handled) {
      unchanged.push(place);
      place.waitsSinceMs = null;
      return;
    }
    if (nowMs < place.retryAtMs || (found === null && place.by !== "named")) return;
    if (place.open === null && isUnsettled(place, Number(found?.mtimeNs ?? 0n) / 1e3)) return;
    changed.push(place);
  }

  /** A rotated file that is new to us may be a copy in the making, which begins like what we know and is not it yet. */
  function isUnsettled(place: Place, mtimeUs: number): boolean {
    if (unrotated(place.path) === place.path) return false;
    place.waitsSinceMs ??= nowMs;
    const isOld = Math.abs(nowUs - mtimeUs) / 1000 > SETTLED_MS || nowMs - place.changedAtMs >= SETTLED_MS;
    return !isOld && nowMs - place.waitsSinceMs < SETTLED_MS_MAX;
  }

  const now = [...places.values()].filter(({ lookAtMs }) => lookAtMs <= nowMs);
  for (let i = 0; i < now.length; i += LOOKS) await Promise.all(now.slice(i, i + LOOKS).map(lookAt));
  return { changed: changed.sort((a, b) => (a.path < b.path ? -1 : 1)), moved, unchanged };
}
