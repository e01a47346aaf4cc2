/** Windows of one start, of one version of a rule, that a cut makes due; `shares`: rows to add up. */
export interface DueWindows {
  readonly rule: string;
  readonly version: number;
  /** Seconds since the epoch. */
  readonly windowStart: number;
  readonly shares: number;
}

/** A stretch of windows of one version of a rule that is computed and inserted in one statement. */
export interface Chunk {
  readonly rule: string;
  readonly version: number;
  /** First and last window start, seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Rows of all its windows. */
  readonly shares: number;
}

/** Packs windows into statements of about so many shares, always in the same way: memory stays bounded, tokens stay the same. */
export function packChunks(due: readonly DueWindows[], sharesMax: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (const { rule, version, windowStart, shares } of due) {
    const last = chunks.at(-1);
    if (last !== undefined && last.rule === rule && last.version === version && last.shares + shares <= sharesMax)
      chunks[chunks.length - 1] = { ...last, to: windowStart, shares: last.shares + shares };
    else chunks.push({ rule, version, from: windowStart, to: windowStart, shares });
  }
  return chunks;
}

/** Windows from one rule and start to another, in the order of rule and start; `shares`: rows of all of them. */
export interface Stretch {
  readonly rule: string;
  readonly from: number;
  readonly lastRule: string;
  readonly to: number;
  readonly shares: number;
}

/** Packs windows that are in the order of rule and start into stretches of about so many rows. */
export function packStretches(windows: readonly Omit<DueWindows, "version">[], sharesMax: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { rule, windowStart, shares } of windows) {
    const last = stretches.at(-1);
    const end = { lastRule: rule, to: windowStart };
    if (last !== undefined && last.shares + shares <= sharesMax)
      stretches[stretches.length - 1] = { ...last, ...end, shares: last.shares + shares };
    else stretches.push({ rule, from: windowStart, ...end, shares });
  }
  return stretches;
}
