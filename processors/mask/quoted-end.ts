import { BACKSLASH, type Scan } from "./characters.ts";

/**
 * End of the contents of a quoted text that begins at `from`, or -1 if it isn't closed. `level` is how many backslashes
 * stood before the opening quote: 0 in JSON, 1 in JSON within a JSON text, 3 one deeper.
 */
export function quotedEnd(scan: Scan, from: number, quote: number, level: number): number {
  const { bytes, length } = scan;
  let run = 0;
  for (let i = from; i < length; i++) {
    const c = bytes[i];
    if (c === BACKSLASH) {
      run++;
      continue;
    }
    if (c === quote && closes(run, level)) return run % 2 === 0 ? i : i - Math.min(run, level);
    run = 0;
  }
  return -1;
}

/** Unescapes the backslashes once per level: the quote closes if an even number is left, or an outer text ends. */
function closes(run: number, level: number): boolean {
  while (level > 0) {
    if (run % 2 === 0) return true;
    run = (run - 1) / 2;
    level = (level - 1) / 2;
  }
  return run % 2 === 0;
}
