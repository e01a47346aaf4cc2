import { cutText, formatCount, printable, textWidth } from "./terminal.ts";

export type Cell = string | number | bigint | null;

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => Cell;
}

const GAP = "  ";
const CUT_WIDTH_MIN = 8;

/**
 * Rows as aligned text, one line each after the line of titles. Numbers stand right, with thousands separators where
 * whole; null is "-". If the lines would be wider than `widthMax`, the widest text columns are cut, down to 8 columns
 * each. Values are made printable.
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { widthMax = 100 }: { readonly widthMax?: number } = {},
): string {
  const cells = rows.map((row) => columns.map(({ value }) => value(row)));
  const isNumeric = columns.map((_, c) => cells.length > 0 && cells.every((row) => typeof row[c] !== "string"));
  const lines = [columns.map(({ title }) => printable(title)), ...cells.map((row) => row.map(writeCell))];
  const widths = columns.map((_, c) => Math.max(...lines.map((line) => textWidth(line[c]))));

  const total = (): number => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  while (total() > widthMax) {
    const widest = indexOfWidest(widths, isNumeric);
    if (widest === -1) break;
    widths[widest]--;
  }
  return lines
    .map((line) => line.map((text, c) => align(cutText(text, widths[c]), widths[c], isNumeric[c])).join(GAP))
    .map((line) => line.trimEnd())
    .join("\n");
}

function writeCell(cell: Cell): string {
  if (cell === null) return "-";
  if (typeof cell === "string") return printable(cell);
  return typeof cell === "bigint" || Number.isInteger(cell) ? formatCount(cell) : String(cell);
}

function align(text: string, width: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return right ? space + text : text + space;
}

/** A number that is cut is a wrong number, so only columns of text are. */
function indexOfWidest(widths: readonly number[], isNumeric: readonly boolean[]): number {
  let widest = -1;
  for (const [c, width] of widths.entries()) {
    if (!isNumeric[c] && width > CUT_WIDTH_MIN && (widest === -1 || width > widths[widest])) widest = c;
  }
  return widest;
}
