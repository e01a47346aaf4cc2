import { WeirError } from "../model/errors.ts";
import { EMPTY_FINGERPRINT, extended, type Fingerprint } from "./fingerprint.ts";
import { identify } from "./identity.ts";
import { type PipeInput, spoolReader } from "./intake.ts";
import { scan } from "./opened-file.ts";
import type { FileEntry, Registry } from "./registry.ts";
import type { SpoolPort, Store } from "./store-port.ts";

/** A known content, and the position up to which it must be the same for the pipe to go on with it. */
export interface Known {
  readonly entry: FileEntry;
  readonly bytes: number;
  readonly crc: number;
}

/** Known is what was committed and what the spool holds beyond it: a pipe goes on after both. */
export async function knownOf(store: Store, entry: FileEntry): Promise<Known> {
  const spool = store.spool(entry.topic, entry.partition);
  const { end } = spool.range();
  if (end <= entry.offset) return { entry, bytes: entry.offset, crc: entry.prefixCrc };
  const committed: Fingerprint = { crc: entry.prefixCrc, tail: Buffer.alloc(0) };
  const { fingerprint } = await scan(spoolReader(spool), end, entry.offset, committed);
  return { entry, bytes: end, crc: fingerprint.crc };
}

/** Takes from the pipe what the comparison needs, keeping it, and tells which contents it goes on with, longest first. */
export async function compare(
  input: PipeInput,
  spool: SpoolPort,
  knowns: readonly Known[],
  nowUs: () => number,
): Promise<Known[]> {
  const rising = knowns.toSorted((a, b) => a.bytes - b.bytes);
  const matches = new Set<Known>();
  let fingerprint = EMPTY_FINGERPRINT;
  let position = 0;
  let next = 0;
  // One byte beyond the longest tells whether the pipe is the same or goes on.
  while (rising.length > 0 && position <= rising[rising.length - 1].bytes) {
    let chunk = spool.read(position);
    if (chunk === null) {
      const bytes = await input.take();
      if (bytes === null) break;
      await spool.append(bytes, nowUs());
      chunk = spool.read(position);
      if (chunk === null) break;
    }
    const { bytes } = chunk;
    let used = 0;
    for (; next < rising.length && rising[next].bytes <= position + bytes.length; next++) {
      const upTo = rising[next].bytes - position;
      fingerprint = extended(fingerprint, bytes.subarray(used, upTo));
      used = upTo;
      if (fingerprint.crc === rising[next].crc) matches.add(rising[next]);
    }
    fingerprint = extended(fingerprint, bytes.subarray(used));
    position += bytes.length;
  }
  return rising.toReversed().filter((known) => {
    const identity = identify({
      isSameInode: false,
      isSameHead: true,
      knownBytes: known.bytes,
      isKnownComplete: known.entry.isComplete,
      isKnownStream: known.entry.origin === "stream",
      isWhole: true,
      length: position < known.bytes ? "shorter" : position === known.bytes ? "equal" : "longer",
      isSameTail: null,
      isSamePrefix: matches.has(known),
      isPartOfOriginal: false,
      isRotated: false,
      isOriginalGone: false,
    });
    return identity === "copy";
  });
}

/** The entry as it is now that it is locked. Throws SOURCE_BUSY when somebody went on with it during the comparison. */
export async function unchanged(store: Store, registry: Registry, known: Known): Promise<FileEntry> {
  const { topic, partition } = known.entry;
  const entry = registry.get(topic, partition);
  if (entry !== null) {
    const now = await knownOf(store, entry);
    if (now.bytes === known.bytes && now.crc === known.crc) return entry;
  }
  const message = `Partition ${partition} of ${topic} went on in another process while its content was compared; start again.`;
  throw new WeirError("SOURCE_BUSY", message);
}
