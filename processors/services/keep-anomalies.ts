import type { ClickHouse } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { DetectRange } from "./detect-declared.ts";
import { explain } from "./detect-explain.ts";
import { STORE_ANOMALIES, STORED_ANOMALIES } from "./detect-statements.ts";
import type { Finding } from "./detector.ts";

type StoredFinding = Finding & { readonly revision: number; readonly window_seconds: number };

export interface Kept {
  /** Anomalies that are new, or that are no longer what they were. */
  readonly changed: number;
  /** Not ended early. */
  readonly isWhole: boolean;
}

/** Rows of one insert. */
const ROWS_MAX = 20;
const SERIES_SECONDS = 300;

/**
 * Stores, each with its explanation, what differs from what is stored of the windows that begin in [from, to). What is stored and
 * was not found again has a score of 0 from then on.
 */
export async function keepAnomalies(
  store: ClickHouse,
  config: Config,
  findings: readonly Finding[],
  { from, to }: DetectRange,
  signal?: AbortSignal,
): Promise<Kept> {
  const stored = new Map(
    (await store.query<StoredFinding>(STORED_ANOMALIES, { from, to })).map((row) => [idOf(row), row]),
  );
  const rows: StoredFinding[] = [];
  for (const finding of findings) {
    const known = stored.get(idOf(finding));
    stored.delete(idOf(finding));
    const { window_seconds = SERIES_SECONDS } = finding;
    if (known === undefined || !isSame(known, finding))
      rows.push({ ...finding, window_seconds, revision: (known?.revision ?? 0) + 1 });
  }
  for (const gone of stored.values())
    if (gone.score > 0) rows.push({ ...gone, score: 0, why: "", revision: gone.revision + 1 });
  for (let at = 0; at < rows.length; at += ROWS_MAX) {
    if (signal?.aborted === true) return { changed: at, isWhole: false };
    const lines: string[] = [];
    for (const row of rows.slice(at, at + ROWS_MAX)) {
      const { templates: _, since: __, ...columns } = row;
      lines.push(JSON.stringify({ ...columns, ...(await explain(store, config, row)) }));
    }
    await store.command(STORE_ANOMALIES, { rows: lines.join("\n") });
  }
  return { changed: rows.length, isWhole: true };
}

export function idOf({ rule, signal, key, window_start }: Finding): string {
  return JSON.stringify([rule, signal, key, window_start]);
}

/** Both forms of the score agree within 1e-9. */
function isSame(a: Finding, b: Finding): boolean {
  const isNear = (x: number, y: number) => Math.abs(x - y) <= 1e-6 * Math.max(1, Math.abs(x));
  return a.why === b.why && isNear(a.value, b.value) && isNear(a.score, b.score);
}
