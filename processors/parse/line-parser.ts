import type { EventBatch } from "../model/event-batch.ts";
import type { Join } from "../model/ports.ts";
import type { Zone } from "./zone.ts";

/**
 * Reads one line, text[begin, end), into row `row` of the batch, whose columns are all empty there.
 * A text: the line is of this format and no event; it is dropped with this code.
 * False: the line is not of this format, and the row is as it was.
 *
 * What a parser sets: every column it has a value for, `timestampUs` (NaN where the line has no time), and how the
 * line is given back: `line_layout` where the columns hold it exactly, `line_kept` otherwise.
 */
export type LineParser = (text: string, begin: number, end: number, batch: EventBatch, row: number) => boolean | string;

/** A format: one file, one entry in the registry (formats.ts). */
export interface Format {
  readonly name: string;
  /** Whether lines of a stack trace belong to the entry before, or chunks of a container's log to each other. */
  readonly joins: Join;
  /** Code of the dead letter for a line that is not of this format where the source declares it. */
  readonly code: string;
  /** The lines are a container's log, in which programs wrote lines of other formats; `inner` is what most of them are. */
  readonly container?: { readonly inner?: Format };
  /** Begins lines that say how those after them are read: a batch is told the last one before it. */
  readonly headerPrefix?: string;
  /**
   * A parser with its own memory of repeated values; the answer never depends on that memory. Times that are written
   * without a zone are of `zone`, UTC if none is given.
   */
  create(zone?: Zone): LineParser;
  /** Says why a line is not of the format, without showing anything of it. */
  readonly explain?: (line: string) => string;
}
