/** What is known when a file, or a stream, is compared with one that was met before. null: not looked at yet. */
export interface Evidence {
  /** Device and inode are the known ones. */
  readonly isSameInode: boolean;
  /** The first bytes, as many as are remembered, are the known ones. */
  readonly isSameHead: boolean;
  /** How far the known content was taken in. */
  readonly knownBytes: number;
  /** The known content was taken in to its end. */
  readonly isKnownComplete: boolean;
  /** The known content came through a pipe. */
  readonly isKnownStream: boolean;
  /** The candidate is read to its end and does not grow meanwhile. */
  readonly isWhole: boolean;
  /** The candidate's length against knownBytes. */
  readonly length: "shorter" | "equal" | "longer" | null;
  /** The last bytes before knownBytes are the known ones. */
  readonly isSameTail: boolean | null;
  /** All bytes before knownBytes are the known ones. */
  readonly isSamePrefix: boolean | null;
  /** The known file is still there and begins with all of the (shorter) candidate. */
  readonly isPartOfOriginal: boolean | null;
  /** The candidate's name is one that rotation gives to the known file. */
  readonly isRotated: boolean;
  /** What is at the known file's path now is not the known content any more: it was rotated away, or cut. */
  readonly isOriginalGone: boolean | null;
}

/**
 * - same: the known file, maybe renamed, maybe grown: go on where it stood
 * - copy: its content elsewhere, maybe compressed, maybe grown: go on where it stood
 * - new: not proven to be the known one
 * - read_…: look at that, then ask again
 */
export type Identity = "same" | "copy" | "new" | "read_tail" | "read_prefix" | "read_original" | "read_place";

/** Less in common proves nothing: two logs may begin with the same banner. Unless one was rotated away and the other is where it would be. */
export const PROOF_BYTES_MIN = 4096;

/** Whether a candidate is a known file. No line is lost for a guess: what is not proven the same is new. */
export function identify(evidence: Evidence): Identity {
  const { isSameInode, isSameHead, knownBytes, length, isSameTail, isSamePrefix, isPartOfOriginal } = evidence;
  if (!isSameHead) return "new";
  if (knownBytes === 0) return isSameInode ? "same" : "new";
  if (length === "shorter") {
    if (isSameInode) return "new";
    if (isPartOfOriginal === null) return "read_original";
    return isPartOfOriginal ? "copy" : "new";
  }
  if (isSameInode) {
    if (isSameTail === null) return "read_tail";
    return isSameTail ? "same" : "new";
  }
  if (isSamePrefix === null) return "read_prefix";
  if (!isSamePrefix) return "new";
  if (isEnoughToTell(evidence)) return "copy";
  if (!evidence.isRotated) return "new";
  if (evidence.isOriginalGone === null) return "read_place";
  return evidence.isOriginalGone ? "copy" : "new";
}

function isEnoughToTell(evidence: Evidence): boolean {
  if (evidence.knownBytes >= PROOF_BYTES_MIN) return true;
  // Somebody pipes the same thing again after the first time was broken off.
  if (evidence.isKnownStream && !evidence.isKnownComplete) return true;
  return evidence.length === "equal" && evidence.isWhole;
}
