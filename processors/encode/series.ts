import type { InsertBlock } from "../model/ports.ts";
import type { SeriesWindows } from "../model/series.ts";
import { BlockBuilder } from "./block.ts";

/** Windows of series as one insert. */
export function encodeSeries(table: string, windows: SeriesWindows): InsertBlock {
  const block = new BlockBuilder();
  block.begin({ rows: windows.count, indices: null });
  block.numbers("series", "UInt32", windows.series);
  block.numbers("i", "UInt32", windows.i);
  block.integers("window_start", "Int64", windows.start);
  block.integers("block", "Int64", windows.block);
  block.numbers("value", "Float64", windows.values);
  return block.finish(table, `${table} of ${windows.count} windows`);
}
