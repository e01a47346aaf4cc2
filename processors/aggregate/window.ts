/**
 * Start of the tumbling window that holds an event time, in seconds since the epoch. Windows are half-open,
 * [start, start + size), and aligned to the epoch: with 10 s, 59.999999 s is in [50, 60) and 60 s in [60, 70).
 */
export function windowStart(timestampUs: number, windowSeconds: number): number {
  return Math.floor(timestampUs / (windowSeconds * 1_000_000)) * windowSeconds;
}
