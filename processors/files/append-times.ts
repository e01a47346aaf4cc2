/** Bytes [from, to) of a file that were there when it was looked at, with its mtime then, microseconds since the epoch. */
export interface Appended {
  readonly from: number;
  readonly to: number;
  readonly us: number;
}

/** How many bytes of content there are, and since when. */
export interface Standing {
  readonly sizeBytes: number;
  readonly mtimeUs: number;
}

/** Size of what does not grow under our hands: archives and streams. */
export const WHOLE_BYTES = Number.MAX_SAFE_INTEGER;

/** The stretch that holds a position; the first or the last one for positions before or after all of them. */
export function appendedAt(stretches: readonly Appended[], position: number): Appended {
  return stretches.findLast(({ from }) => from <= position) ?? stretches[0];
}

/**
 * The stretches of a file that has grown to `sizeBytes`, as long as they are needed: nobody reads before the committed
 * offset again. The same list if it has not grown.
 */
export function withGrowth(
  stretches: readonly Appended[],
  committed: number,
  { sizeBytes, mtimeUs }: Standing,
): readonly Appended[] {
  const last = stretches[stretches.length - 1];
  if (sizeBytes <= last.to) return stretches;
  const needed = stretches.filter(({ to }) => to > committed);
  return [...needed, { from: last.to, to: sizeBytes, us: mtimeUs }];
}

/** All of an archive or a stream at one time. */
export function appendedOnce(us: number): readonly Appended[] {
  return [{ from: 0, to: WHOLE_BYTES, us }];
}
