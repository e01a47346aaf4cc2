import { crc32 } from "node:zlib";
import { WeirError } from "../model/errors.ts";
import { EMPTY_FINGERPRINT, type Fingerprint, TAIL_BYTES, tailCrc } from "./fingerprint.ts";
import { type Evidence, type Identity, identify } from "./identity.ts";
import { type OpenedFile, openFile, scan } from "./opened-file.ts";
import { type FileEntry, headSha256, type Known, knownOf } from "./registry.ts";
import { isRotationOf } from "./siblings.ts";

/** What a file turned out to be, compared with an entry; the fingerprint at the entry's offset where it was read. */
export interface Recognised {
  readonly identity: Extract<Identity, "same" | "copy" | "new">;
  readonly fingerprint: Fingerprint | null;
  /** Its length against the entry's offset; null where that was not looked at. */
  readonly length: Evidence["length"];
}

/** Compares a file with an entry, reading no more of it than the decision needs. */
export async function recognise(
  file: OpenedFile,
  head: Buffer,
  entry: FileEntry,
  isWhole: boolean,
): Promise<Recognised> {
  const sizeBytes = file.container === "plain" ? await file.sizeBytes() : null;
  const known = knownOf(entry);
  let fingerprint: Fingerprint | null = known.offset === 0 ? EMPTY_FINGERPRINT : null;
  let evidence: Evidence = {
    isSameInode: file.inode === entry.inode,
    isSameHead: head.length >= entry.headBytes && headSha256(head.subarray(0, entry.headBytes)) === entry.headSha256,
    knownBytes: known.offset,
    isKnownComplete: entry.isComplete,
    isKnownStream: entry.origin === "stream",
    isWhole,
    length: sizeBytes === null ? null : compared(sizeBytes, known.offset),
    isSameTail: null,
    isSamePrefix: null,
    isPartOfOriginal: null,
    isRotated: isRotationOf(file.path, entry.path),
    isOriginalGone: null,
  };
  for (;;) {
    const identity = identify(evidence);
    if (identity === "same" || identity === "copy" || identity === "new") {
      const isAtOffset = known.offset === entry.offset;
      return { identity, fingerprint: isAtOffset ? fingerprint : startOf(entry), length: evidence.length };
    }
    if (identity === "read_original") {
      evidence = { ...evidence, isPartOfOriginal: await isPartOf(file, entry) };
    } else if (identity === "read_place") {
      evidence = { ...evidence, isOriginalGone: await isGone(entry) };
    } else if (identity === "read_tail" && file.container === "plain" && isTailWhole(known)) {
      const tail = await readTail(file, known.offset);
      fingerprint = { crc: known.prefixCrc, tail };
      evidence = { ...evidence, isSameTail: crc32(tail) === known.tailCrc };
    } else {
      const prefix = await readPrefix(file, known.offset);
      fingerprint = prefix.fingerprint;
      const isSame =
        prefix.fingerprint.crc === known.prefixCrc &&
        (!isTailWhole(known) || tailCrc(prefix.fingerprint) === known.tailCrc);
      evidence = { ...evidence, length: prefix.length, isSameTail: isSame, isSamePrefix: isSame };
    }
  }
}

function startOf({ offset }: FileEntry): Fingerprint | null {
  return offset === 0 ? EMPTY_FINGERPRINT : null;
}

/** A pipe that was gone on with may not have shown the last bytes before the offset. */
function isTailWhole(known: Known): boolean {
  return known.tailBytes === Math.min(TAIL_BYTES, known.offset);
}

function compared(bytes: number, knownBytes: number): "shorter" | "equal" | "longer" {
  if (bytes < knownBytes) return "shorter";
  return bytes === knownBytes ? "equal" : "longer";
}

async function readPrefix(file: OpenedFile, to: number): ReturnType<typeof scan> {
  const reader = await file.open();
  try {
    return await scan(reader, to);
  } finally {
    await reader.close();
  }
}

async function readTail(file: OpenedFile, to: number): Promise<Buffer> {
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, to));
  const reader = await file.open();
  try {
    for (let count = 0; count < tail.length; ) {
      const got = await reader.read(to - tail.length + count, tail, count, tail.length - count);
      if (got === 0) return tail.subarray(0, count);
      count += got;
    }
    return tail;
  } finally {
    await reader.close();
  }
}

/** Whether what is at an entry's path now is other content than the entry's. */
async function isGone(entry: FileEntry): Promise<boolean> {
  if (entry.origin === "stream") return false;
  let there: OpenedFile;
  try {
    there = await openFile(entry.path);
  } catch (error) {
    if (error instanceof WeirError) return error.code === "SOURCE_NOT_FOUND";
    throw error;
  }
  try {
    const { length, fingerprint } = await readPrefix(there, knownOf(entry).offset);
    return length === "shorter" || fingerprint.crc !== knownOf(entry).prefixCrc;
  } finally {
    await there.close();
  }
}

/** Whether a file is, whole, the beginning of what is now at the entry's path and is the entry's file. */
async function isPartOf(file: OpenedFile, entry: FileEntry): Promise<boolean> {
  if (entry.origin === "stream") return false;
  let original: OpenedFile;
  try {
    original = await openFile(entry.path);
  } catch (error) {
    if (error instanceof WeirError) return false;
    throw error;
  }
  try {
    const known = await readPrefix(original, knownOf(entry).offset);
    if (known.length === "shorter" || known.fingerprint.crc !== knownOf(entry).prefixCrc) return false;
    const mine = await readPrefix(file, knownOf(entry).offset);
    const theirs = await readPrefix(original, mine.position);
    return theirs.position === mine.position && theirs.fingerprint.crc === mine.fingerprint.crc;
  } finally {
    await original.close();
  }
}
