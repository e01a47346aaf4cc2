/** One window in a picture. */
export interface PlotPoint {
  readonly seconds: number;
  readonly value: number;
  /** null: no bound. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** What is said of a window that fired; null for the others. */
  readonly mark: string | null;
}

export interface PlotPanel {
  readonly name: string;
  readonly points: readonly PlotPoint[];
}

const WIDTH = 1200;
const LEFT = 80;
const RIGHT = 20;
const TOP = 34;
const PLOT_HEIGHT = 190;
const PANEL_HEIGHT = TOP + PLOT_HEIGHT + 36;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const MARKS_MAX = 500;

const STYLE = `text{font:12px system-ui,sans-serif;fill:#444}.name{font-weight:600;fill:#111}.grid{stroke:#e4e4e4}
.band{fill:#cfe3f7}.value{fill:none;stroke:#1f5f99;stroke-width:1}.mark{fill:#d1242f;stroke:#fff;stroke-width:1.5}`;

/** Series below each other as SVG: values, the band they were expected in, and a mark with its reason where one fired. */
export function drawPlot(panels: readonly PlotPanel[]): string {
  const height = Math.max(1, panels.length) * PANEL_HEIGHT;
  const body = panels.map((panel, k) => `<g transform="translate(0 ${k * PANEL_HEIGHT})">${drawPanel(panel)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">
<style>${STYLE}</style><rect width="100%" height="100%" fill="#fff"/>
${body.join("\n")}
</svg>
`;
}

function drawPanel({ name, points }: PlotPanel): string {
  const begin = points[0].seconds;
  const length = points[points.length - 1].seconds - begin || 1;
  const [low, high] = rangeOf(points);
  const xOf = (seconds: number) => LEFT + ((seconds - begin) / length) * PLOT_WIDTH;
  const yOf = (value: number) => TOP + (1 - (clip(value, low, high) - low) / (high - low)) * PLOT_HEIGHT;
  const marks = points.filter(({ mark }) => mark !== null);
  const fired = marks.length === 1 ? "fired once" : `fired ${marks.length} times`;
  return [
    `<text class="name" x="${LEFT}" y="20">${escapeText(name)}</text>`,
    `<text x="${WIDTH - RIGHT}" y="20" text-anchor="end">${fired}</text>`,
    ...valueTicks(low, high).map((tick) => {
      const y = yOf(tick).toFixed(1);
      return `<path class="grid" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${y}" dy="4" text-anchor="end">${shortNumber(tick)}</text>`;
    }),
    ...bandPaths(points, xOf, yOf, low, high),
    `<path class="value" d="${valuePath(points, xOf, yOf)}"/>`,
    ...timeTicks(begin, length).map(
      ({ seconds, text }) =>
        `<text x="${xOf(seconds).toFixed(1)}" y="${TOP + PLOT_HEIGHT + 18}" text-anchor="middle">${text}</text>`,
    ),
    ...marks
      .slice(0, MARKS_MAX)
      .map(
        ({ seconds, value, mark }) =>
          `<circle class="mark" cx="${xOf(seconds).toFixed(1)}" cy="${yOf(value).toFixed(1)}" r="4.5"><title>${timeText(seconds)} ${shortNumber(value)}: ${escapeText(mark!)}</title></circle>`,
      ),
  ].join("\n");
}

/** Room for all values and a margin; bands that reach further are cut. */
function rangeOf(points: readonly PlotPoint[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { value } of points) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const margin = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
}

/** At most two points per pixel, the least and the greatest value there. */
function valuePath(points: readonly PlotPoint[], xOf: (s: number) => number, yOf: (v: number) => number): string {
  if (points.length <= 2 * PLOT_WIDTH)
    return `M${points.map(({ seconds, value }) => `${xOf(seconds).toFixed(1)} ${yOf(value).toFixed(1)}`).join("L")}`;
  return `M${byPixel(points, xOf)
    .map(({ x, from, to }) => {
      const values = points.slice(from, to).map(({ value }) => value);
      return `${x} ${yOf(Math.min(...values)).toFixed(1)}L${x} ${yOf(Math.max(...values)).toFixed(1)}`;
    })
    .join("L")}`;
}

/** A shape per run of windows that have a band. Per pixel, the widest. */
function bandPaths(
  points: readonly PlotPoint[],
  xOf: (seconds: number) => number,
  yOf: (value: number) => number,
  low: number,
  high: number,
): string[] {
  const paths: string[] = [];
  let upper: string[] = [];
  let lower: string[] = [];
  const finish = () => {
    if (upper.length > 1) paths.push(`<path class="band" d="M${[...upper, ...lower.reverse()].join("L")}Z"/>`);
    upper = [];
    lower = [];
  };
  for (const { x, from, to } of byPixel(points, xOf)) {
    const stretch = points.slice(from, to);
    if (stretch.every((point) => point.lower === null && point.upper === null)) {
      finish();
      continue;
    }
    upper.push(`${x} ${yOf(Math.max(...stretch.map((point) => point.upper ?? high))).toFixed(1)}`);
    lower.push(`${x} ${yOf(Math.min(...stretch.map((point) => point.lower ?? low))).toFixed(1)}`);
  }
  finish();
  return paths;
}

/** Points that fall on the same pixel: points[from, to). */
function byPixel(points: readonly PlotPoint[], xOf: (seconds: number) => number) {
  const pixels: { x: number; from: number; to: number }[] = [];
  for (let k = 0; k < points.length; k++) {
    const x = Math.round(xOf(points[k].seconds));
    const last = pixels[pixels.length - 1];
    if (last !== undefined && last.x === x) last.to = k + 1;
    else pixels.push({ x, from: k, to: k + 1 });
  }
  return pixels;
}

/** Round numbers from low to high, about four. */
function valueTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high && ticks.length < 10; k++) ticks.push(k * step);
  return ticks;
}

const TICK_SECONDS = [60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000];

function timeTicks(begin: number, length: number): { seconds: number; text: string }[] {
  const step = TICK_SECONDS.find((size) => length / size <= 10) ?? Math.ceil(length / 8 / 86_400) * 86_400;
  const ticks: { seconds: number; text: string }[] = [];
  for (let at = Math.ceil(begin / step) * step; at <= begin + length; at += step) {
    const text = timeText(at);
    ticks.push({ seconds: at, text: step >= 86_400 ? text.slice(0, 10) : text.slice(5) });
  }
  return ticks;
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function clip(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

function escapeText(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
