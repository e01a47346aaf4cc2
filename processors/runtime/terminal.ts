/** What of an output stream matters here; process.stdout and process.stderr are such. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export function isTerminal(stream: Output): boolean {
  return stream.isTTY === true;
}

/** Whether to colour what goes to a stream. `wanted`: see `wantsColor` in config.ts. */
export function hasColor(stream: Output, wanted: boolean): boolean {
  return wanted && isTerminal(stream);
}

const SGR = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** A text in a colour, or as it is. */
export function paint(text: string, color: keyof typeof SGR, colored: boolean): string {
  return colored ? `\x1b[${SGR[color]}m${text}\x1b[0m` : text;
}

// Controls, DEL, C1, marks of direction and of joining, line separators, variation and tag characters, lone surrogates.
const UNPRINTABLE =
  /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\u115f\u1160\u17b4\u17b5\u3164\uffa0\p{Variation_Selector}]|\u034f/gu;

/**
 * A text that may be shown on a terminal whoever wrote it: characters that steer the terminal, turn the direction of
 * the text or can't be seen become escapes such as \x1b and \u{202e}.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => {
    if (char === "\n") return "\\n";
    if (char === "\t") return "\\t";
    if (char === "\r") return "\\r";
    const code = char.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;
const NO_WIDTH = /^\p{M}$/u;

function charWidth(char: string): number {
  if (char < "\u0300") return 1;
  if (NO_WIDTH.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

/** Columns that a printable text takes: 2 for wide East Asian characters and emoji, 0 for combining marks. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** A printable text in at most so many columns; what is cut is marked with "…". */
export function cutText(text: string, widthMax: number): string {
  if (textWidth(text) <= widthMax) return text;
  let cut = "";
  let width = 0;
  for (const char of text) {
    width += charWidth(char);
    if (width > widthMax - 1) break;
    cut += char;
  }
  return widthMax > 0 ? `${cut}…` : "";
}

/** 1234567 as "1,234,567". */
export function formatCount(count: number | bigint): string {
  return String(typeof count === "bigint" ? count : Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Three digits and a binary unit: 33554432 as "32.0 MiB", 512 as "512 B". */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  // 1023.95 would round to "1024.0" in its unit.
  while (amount >= (unit === 0 ? 1024 : 1023.95) && unit < BYTE_UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Milliseconds in the two largest units that say something: "480 ms", "7.3 s", "3 min 05 s", "2 h 07 min", "3 d 04 h". */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** "412,000 lines/s"; with fewer than 10 per second one decimal. */
export function formatRate(count: number, ms: number, unit: string): string {
  const perSecond = ms > 0 ? (count * 1000) / ms : 0;
  return `${perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : formatCount(perSecond)} ${unit}/s`;
}
