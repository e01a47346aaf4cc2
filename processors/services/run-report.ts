import { basename } from "node:path";
import type { Clock } from "../model/ports.ts";
import { formatBytes, formatCount, formatDuration } from "../runtime/terminal.ts";
import type { FinishedBatch } from "./process.ts";
import type { RunOptions } from "./run.ts";
import type { Workplace } from "./workplace.ts";

/** For people: what runs, and three queries to try. */
export function introduction({ config, files, seed, ratePerSecond }: RunOptions, { store }: Workplace): string {
  const sources = config.sources.filter((source) => source.files.length > 0);
  const what =
    files.length > 0
      ? `Following ${files.map((file) => basename(file)).join(", ")}.`
      : sources.length > 0
        ? `Following the files of ${sources.map(({ name }) => name).join(", ")}.`
        : `A simulated web shop: ${formatCount(ratePerSecond)} events/s, seed ${seed}; its incidents are in ${config.data.directory}/truth.csv.`;
  const data = config.data.directory === "./.weir" ? "" : ` --data ${config.data.directory}`;
  const sql = (query: string): string => `  npx weir sql${data} "${query}"`;
  return [
    what,
    store.kind === "remote"
      ? "The store is held by another process or server."
      : `The data is in ${config.data.directory}. Ctrl-C stops.`,
    "",
    "Three queries to try meanwhile, in another terminal:",
    sql("SELECT service_name, sum(events), sum(errors) FROM service_1m GROUP BY service_name"),
    sql(
      "SELECT http_route, count(), quantile(0.95)(duration_us) FROM events GROUP BY http_route ORDER BY 2 DESC LIMIT 10",
    ),
    sql(
      "SELECT timestamp, severity_text, line FROM events WHERE severity_number >= 17 ORDER BY timestamp DESC LIMIT 5",
    ),
  ].join("\n");
}

/** Over how long a time the rate is told. */
const RATE_MS = 10_000;

/** Counts finished batches and says how it goes. */
export function createMeter(clock: Clock) {
  const startedMs = clock.monotonicMs();
  let events = 0;
  let deadLetters = 0;
  let newestUs = 0;
  const recent: { readonly atMs: number; readonly events: number }[] = [];
  return {
    get events() {
      return events;
    },
    get deadLetters() {
      return deadLetters;
    },
    add({ row }: FinishedBatch): void {
      events += row.events;
      deadLetters += row.deadLetters;
      newestUs = Math.max(newestUs, row.timestampUsMax);
      recent.push({ atMs: clock.monotonicMs(), events: row.events });
    },
    text(bytesPerEvent: number | null, nowUs: number): string {
      const nowMs = clock.monotonicMs();
      while (recent.length > 0 && nowMs - recent[0].atMs > RATE_MS) recent.shift();
      const spanMs = Math.max(1, Math.min(RATE_MS, nowMs - startedMs));
      const rate = (recent.reduce((sum, batch) => sum + batch.events, 0) * 1000) / spanMs;
      const lag = newestUs === 0 ? "-" : formatDuration(Math.max(0, (nowUs - newestUs) / 1000));
      const size = bytesPerEvent === null ? "-" : formatBytes(bytesPerEvent);
      return `${formatCount(Math.round(rate))} events/s  ${formatCount(events)} stored  ${formatCount(deadLetters)} dead letters  lag ${lag}  ${size} per event`;
    },
  };
}
