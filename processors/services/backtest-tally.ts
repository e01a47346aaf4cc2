import type { PlotPanel, PlotPoint } from "../detect/plot.ts";

/** A window that would have fired. */
export interface Firing {
  readonly series: string;
  /** Of a file as it was written; of stored windows ISO. */
  readonly timestamp: string;
  readonly value: number;
  readonly score: number;
  readonly expected: number;
  /** null: no bound. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly why: string;
  /** What the values are; absent: not known. */
  readonly signal?: string;
}

export interface BacktestSummary {
  readonly series: number;
  readonly rows: number;
  /** Windows without a row that were taken for zero. */
  readonly filled: number;
  /** Weeks of all series together. */
  readonly weeks: number;
  readonly threshold: number;
  readonly firings: readonly Firing[];
}

const PANELS_MAX = 6;

/** The series of a picture: those that fired most often, most first, without keeping the points of the others. */
export function createPanelPicker() {
  const picked: { readonly panel: PlotPanel; readonly fired: number }[] = [];
  return {
    /** Whether the points of a series that fired so often are wanted. */
    wants: (fired: number): boolean => picked.length < PANELS_MAX || fired > picked[picked.length - 1].fired,
    add(panel: PlotPanel, fired: number): void {
      picked.push({ panel, fired });
      picked.sort((a, b) => b.fired - a.fired);
      if (picked.length > PANELS_MAX) picked.pop();
    },
    panels: (): PlotPanel[] => picked.map(({ panel }) => panel),
  };
}

/** What a plot says of a window. */
export function pointOf(window: {
  readonly seconds: number;
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly score: number;
  /** "": it did not fire. */
  readonly why: string;
}): PlotPoint {
  const { seconds, value, lower, upper, score, why } = window;
  return { seconds, value, lower, upper, mark: why === "" ? null : `${why}, score ${score.toFixed(2)}` };
}
