import type { Clock } from "../model/ports.ts";
import { cutText, formatDuration, isTerminal, type Output, printable, textWidth } from "./terminal.ts";

export interface Progress {
  readonly label: string;
  readonly done: number;
  /** null: not known. */
  readonly total: number | null;
  /** As it is to be shown, e.g. from `formatRate`. */
  readonly rate?: string;
  readonly etaMs?: number;
  /** Columns of the whole line. */
  readonly width: number;
}

const BAR_WIDTH = 20;
const LABEL_WIDTH_MIN = 8;

/**
 * One line: `access.log  ##########..........  50 %  412,000 lines/s  0 min 05 s left`. What doesn't fit goes: first
 * the bar, then the end of the label.
 */
export function progressBar({ label, done, total, rate, etaMs, width }: Progress): string {
  const ratio = total === null ? null : total <= 0 ? 1 : Math.min(1, Math.max(0, done / total));
  const facts: string[] = [];
  // Rounded down: 100 % means done.
  if (ratio !== null) facts.push(`${String(Math.floor(ratio * 100)).padStart(3)} %`);
  if (rate !== undefined) facts.push(rate);
  if (etaMs !== undefined) facts.push(`${formatDuration(etaMs)} left`);

  const filled = Math.floor((ratio ?? 0) * BAR_WIDTH);
  const bar = ratio === null ? "" : "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled);
  const name = printable(label);
  for (const middle of bar === "" ? [facts] : [[bar, ...facts], facts]) {
    const rest = middle.map((part) => `  ${part}`).join("");
    const room = width - textWidth(rest);
    if (room >= Math.min(textWidth(name), LABEL_WIDTH_MIN)) return cutText(name, room) + rest;
  }
  return cutText([name, ...facts].join("  "), width);
}

const REWRITE_MS_MIN = 250;
const LINE_MS_MIN = 10_000;
const COLUMNS_DEFAULT = 80;

/**
 * How something goes on. On a terminal one line that is written over, at most four times a second; anywhere else (a
 * file, CI) a line of its own every ten seconds.
 */
export class StatusLine {
  readonly #output: Output;
  readonly #clock: Clock;
  #writtenAtMs: number;
  #isShown = false;
  /** The same output for whatever else is written there: the line is taken away first. */
  readonly beside: Output;

  constructor(output: Output, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
    // The first rewrite comes at once, the first line of its own only if it takes long.
    this.#writtenAtMs = isTerminal(output) ? Number.NEGATIVE_INFINITY : clock.monotonicMs();
    this.beside = {
      isTTY: isTerminal(output),
      write: (text) => {
        this.clear();
        return output.write(text);
      },
    };
  }

  /** Columns that a text may take. One is left free, or some terminals would wrap the line. */
  get width(): number {
    return (this.#output.columns || COLUMNS_DEFAULT) - 1;
  }

  /** Whether `update` would write now: making the text can be spared. */
  get isDue(): boolean {
    const msMin = isTerminal(this.#output) ? REWRITE_MS_MIN : LINE_MS_MIN;
    return this.#clock.monotonicMs() - this.#writtenAtMs >= msMin;
  }

  /** Shows a text, made printable, unless it is too soon. */
  update(text: string): void {
    if (!this.isDue) return;
    this.#writtenAtMs = this.#clock.monotonicMs();
    if (!isTerminal(this.#output)) {
      this.#output.write(`${printable(text)}\n`);
      return;
    }
    this.#output.write(`\r${cutText(printable(text), this.width)}\x1b[K`);
    this.#isShown = true;
  }

  /** Takes the line away, so that something else can be written; the next update shows it again at once. */
  clear(): void {
    if (!this.#isShown) return;
    this.#output.write("\r\x1b[K");
    this.#isShown = false;
    this.#writtenAtMs = Number.NEGATIVE_INFINITY;
  }
}
