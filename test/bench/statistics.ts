/** The middle value; the mean of the two middle ones for an even number. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Medians of what `of` gives for each element of two lists, run by run: neighbours in time share the noise. */
export function medianRatio<T>(ours: readonly T[], theirs: readonly T[], of: (run: T) => number): number {
  return median(ours.map((run, i) => of(run) / of(theirs[i])));
}

/** Rounded to `digits` significant digits, or to a whole number where that has more. */
export function rounded(value: number, digits = 3): number {
  if (!Number.isFinite(value)) return value;
  return Math.abs(value) >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits));
}
