import { median, rounded } from "./statistics.ts";

/** What one piece of work took. */
export interface Lap {
  readonly items: number;
  readonly cpuUs: number;
  readonly wallMs: number;
}

/**
 * Runs `work` once and times it. CPU time of this thread, because it does not count while others have the processor; some
 * kernels give it in steps of 4 ms, so work should take some tens of them.
 */
export function timed(items: number, work: () => void): Lap {
  const startedMs = performance.now();
  const before = process.threadCpuUsage();
  work();
  const after = process.threadCpuUsage();
  return {
    items,
    cpuUs: after.user + after.system - before.user - before.system,
    wallMs: performance.now() - startedMs,
  };
}

export function nsPerItem(lap: Lap): number {
  return (lap.cpuUs * 1000) / lap.items;
}

/** The keys of a result that laps give; `laps` are those of Weir, warm-up left out. */
export function resultOf(laps: readonly Lap[]) {
  const items = laps.reduce((sum, lap) => sum + lap.items, 0);
  const seconds = laps.reduce((sum, lap) => sum + lap.wallMs, 0) / 1000;
  const ns = laps.map(nsPerItem);
  return {
    events: items,
    seconds: rounded(seconds),
    events_per_s: Math.round(items / seconds),
    cpu_s_per_million: rounded(median(ns) / 1000),
    peak_rss_mb: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
    runs: laps.length,
    ns_per_event: rounded(median(ns)),
    min: rounded(Math.min(...ns)),
    max: rounded(Math.max(...ns)),
  };
}
