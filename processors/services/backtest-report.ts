import { describeBound } from "../incident/words.ts";
import { table } from "../runtime/table.ts";
import { formatCount } from "../runtime/terminal.ts";
import type { BacktestSummary, Firing } from "./backtest-tally.ts";

const SHOWN_MAX = 50;

/** What would have fired, for people. */
export function backtestText(
  { series, rows, filled, weeks, threshold, firings }: BacktestSummary,
  widthMax: number,
): string {
  const lines: string[] = [];
  if (firings.length > 0) {
    lines.push(
      table(
        firings.slice(0, SHOWN_MAX),
        [
          { title: "series", value: (firing) => firing.series },
          { title: "timestamp", value: (firing) => firing.timestamp },
          { title: "value", value: (firing) => written(firing, firing.value) },
          { title: "expected", value: (firing) => written(firing, firing.expected) },
          { title: "band", value: band },
          { title: "score", value: (firing) => firing.score.toFixed(2) },
          { title: "why", value: (firing) => firing.why },
        ],
        { widthMax },
      ),
    );
    if (firings.length > SHOWN_MAX)
      lines.push(`… and ${formatCount(firings.length - SHOWN_MAX)} more; --json has all.`);
    lines.push("");
  }
  const share = weeks > 0 ? `, ${short(firings.length / weeks)} per series and week` : "";
  lines.push(
    `Would have fired ${times(firings.length)} (score ${short(threshold)} or more)${share}: ${formatCount(rows)} rows of ${formatCount(series)} series.`,
  );
  if (filled > 0) lines.push(`${formatCount(filled)} windows without a row were taken for zero.`);
  return lines.join("\n");
}

function band(firing: Firing): string {
  const { lower, upper } = firing;
  return `${lower === null ? "" : written(firing, lower)} … ${upper === null ? "" : written(firing, upper)}`;
}

function written({ signal }: Firing, value: number): string {
  return signal === undefined ? short(value) : describeBound(signal, value);
}

function times(count: number): string {
  return count === 1 ? "once" : `${formatCount(count)} times`;
}

/** Four significant digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
