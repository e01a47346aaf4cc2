/** Most stretches that a sentence names. */
const RANGES_MAX = 10;

/** Offsets, in any order, as stretches [first, last] without gap. */
export function rangesOf(offsets: readonly bigint[]): [bigint, bigint][] {
  const sorted = [...new Set(offsets)].sort((a, b) => (a < b ? -1 : 1));
  const ranges: [bigint, bigint][] = [];
  for (const offset of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1n === offset) last[1] = offset;
    else ranges.push([offset, offset]);
  }
  return ranges;
}

/** `5, 17–20 and 3 more`. */
export function writeRanges(ranges: readonly (readonly [bigint, bigint])[]): string {
  const written = ranges
    .slice(0, RANGES_MAX)
    .map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
  return ranges.length > RANGES_MAX
    ? `${written.join(", ")} and ${ranges.length - RANGES_MAX} more`
    : written.join(", ");
}
