import type { EventBatch } from "../model/event-batch.ts";
import type { Rule } from "../model/rule.ts";
import { holding } from "./condition.ts";
import type { KeyColumn } from "./key-column.ts";
import { PairTable } from "./pair-table.ts";

/** Where a rule counts a batch's rows: in groups of one window and key, numbered from 0 in the order of first sight. */
export interface Groups {
  /** Group of each row; below 0 for rows that the rule leaves out. */
  readonly ofRow: Int32Array;
  /** The first row of each group. */
  readonly firstRows: readonly number[];
  /** Whether a group is that of the keys beyond the rule's `keysMax`. */
  isOther(group: number): boolean;
}

const LEFT_OUT = -1;

/** Groups a batch's rows, a column at a time: each loop is small, and compiled once. */
export function groupRows(batch: EventBatch, rule: Rule, columns: readonly KeyColumn[]): Groups {
  const { rows } = batch;
  const ofRow = new Int32Array(rows);
  leaveOut(batch, rule, ofRow);
  numberWindows(ofRow, batch.timestampUs, rule.windowSeconds * 1_000_000);
  // A batch that has no more rows than keys are allowed can't have too many keys.
  const isCapped = rule.keysMax !== undefined && rows > rule.keysMax;
  const windows = isCapped ? ofRow.slice() : ofRow;
  for (const { ids } of columns) refine(ofRow, ids);
  const others = isCapped ? capKeys(ofRow, windows, rule.keysMax as number) : null;
  return { ofRow, firstRows: firstRowsOf(ofRow), isOther: (group) => others?.has(group) === true };
}

function leaveOut(batch: EventBatch, rule: Rule, ofRow: Int32Array): void {
  if (rule.where === "http") leaveOutZeros(ofRow, batch.http_response_status_code);
  if (rule.where === "body") leaveOutZeros(ofRow, batch.strings.body.ids);
  if (rule.filter !== undefined) leaveOutZeros(ofRow, holding(batch, rule.filter, "all"));
}

function leaveOutZeros(ofRow: Int32Array, flags: Uint8Array | Uint16Array | Uint32Array): void {
  for (let row = 0; row < ofRow.length; row++) if (flags[row] === 0) ofRow[row] = LEFT_OUT;
}

/** Windows get small numbers relative to the first row's. */
function numberWindows(ofRow: Int32Array, timestampUs: Float64Array, windowUs: number): void {
  const base = Math.floor(timestampUs[0] / windowUs);
  const table = new PairTable();
  let last = Number.NaN;
  let number = 0;
  for (let row = 0; row < ofRow.length; row++) {
    if (ofRow[row] < 0) continue;
    const window = Math.floor(timestampUs[row] / windowUs) - base;
    if (window !== last) {
      last = window;
      number = table.number(window >>> 0, window < 0 ? 1 : 0);
    }
    ofRow[row] = number;
  }
}

/** Divides groups by one more column. */
function refine(ofRow: Int32Array, ids: Uint32Array): void {
  const table = new PairTable();
  for (let row = 0; row < ofRow.length; row++) {
    const group = ofRow[row];
    if (group >= 0) ofRow[row] = table.number(group, ids[row]);
  }
}

/** Gives each window no more than so many keys, and one group for the rest; gives those groups. */
function capKeys(ofRow: Int32Array, windows: Int32Array, keysMax: number): ReadonlySet<number> {
  const slots: number[] = [];
  const keys: number[] = [];
  const otherOf = new Map<number, number>();
  let next = 0;
  for (let row = 0; row < ofRow.length; row++) {
    const group = ofRow[row];
    if (group < 0) continue;
    if (slots[group] === undefined) {
      const window = windows[row];
      if ((keys[window] ?? 0) < keysMax) {
        keys[window] = (keys[window] ?? 0) + 1;
        slots[group] = next++;
      } else {
        let other = otherOf.get(window);
        if (other === undefined) otherOf.set(window, (other = next++));
        slots[group] = other;
      }
    }
    ofRow[row] = slots[group];
  }
  return new Set(otherOf.values());
}

function firstRowsOf(ofRow: Int32Array): number[] {
  const firstRows: number[] = [];
  for (let row = 0; row < ofRow.length; row++) if (ofRow[row] === firstRows.length) firstRows.push(row);
  return firstRows;
}
