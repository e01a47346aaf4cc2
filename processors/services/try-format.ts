import { frame } from "../decode/frame.ts";
import { openFile } from "../files/opened-file.ts";
import { EventBatch, OUTCOME_OK, STRING_COLUMNS } from "../model/event-batch.ts";
import type { Join } from "../model/ports.ts";
import { fromByteText, type RecordBatch } from "../model/record.ts";
import { detect } from "../parse/detect.ts";
import { createExplain, explanationText } from "../parse/dissect.ts";
import { formatByName } from "../parse/formats.ts";
import { createParse } from "../parse/parse.ts";
import type { Config } from "../runtime/config.ts";
import { table } from "../runtime/table.ts";
import { cutText, printable } from "../runtime/terminal.ts";
import { checkFormatName, detectedOf, ownFormatsOf } from "./own-formats.ts";

export interface TryOptions {
  readonly config: Config;
  readonly format: string;
  readonly file: string;
  readonly linesMax: number;
}

/** What one line would become. Texts are Unicode. */
export interface TriedLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** The columns that have a value, attributes as `attributes.KEY`; null: the line does not fit. */
  readonly columns: Readonly<Record<string, string | number>> | null;
  /** Why it does not fit, and how far into the line it did, in characters. */
  readonly misfit: { readonly reason: string; readonly column: number } | null;
  /** The line comes back out of its columns; false: it is kept beside them. */
  readonly isExact: boolean;
}

export interface Tried {
  readonly format: string;
  readonly lines: readonly TriedLine[];
}

const SAMPLE_BYTES = 1 << 20;
const RECORD_BYTES_MAX = 64 << 10;

/** Reads the first lines of a file as a format would, and stores nothing. Before masking: what is shown is the file's own. */
export async function tryFormat({ config, format, file, linesMax }: TryOptions): Promise<Tried> {
  checkFormatName(format, config);
  const own = ownFormatsOf(config);
  const opened = await openFile(file);
  let sample: string;
  let mtimeUs: number;
  try {
    sample = (await opened.sample(SAMPLE_BYTES)).latin1Slice();
    ({ mtimeUs } = opened);
  } finally {
    await opened.close();
  }
  const name = format === "auto" ? detect(sample, detectedOf(config, own)) : format;
  const records = recordsOf(sample, linesMax, mtimeUs, formatByName(name, own).joins);
  const timezone = config.sources.find((source) => source.format === name)?.timezone ?? "UTC";
  const batch = new EventBatch(Math.max(1, records.count));
  batch.begin(records);
  createParse({ format: name, isDeclared: true, source: "", tenant: "", service: "", formats: own, timezone })(batch);
  const configured = config.formats.find((candidate) => candidate.name === name);
  const explain = configured === undefined ? null : createExplain(configured);
  const rowOf = new Map(Array.from({ length: batch.rows }, (_, row) => [batch.record[row], row]));
  const lines = Array.from({ length: records.count }, (_, record): TriedLine => {
    const text = records.text.slice(records.begins[record], records.ends[record]);
    const common = { line: record + 1, text: fromByteText(text) };
    const row = rowOf.get(record);
    if (row !== undefined && batch.outcomes[record] === OUTCOME_OK)
      return { ...common, columns: columnsOf(batch, row), misfit: null, isExact: batch.line_kept.isEmpty(row) };
    const letter = batch.deadLetters.find((candidate) => candidate.record === record);
    const why = explain?.(text) ?? null;
    const reason = why === null ? (letter?.reason ?? "The line is blank.") : explanationText(why);
    const column = why === null ? 0 : fromByteText(text.slice(0, why.at)).length;
    return { ...common, columns: null, misfit: { reason, column }, isExact: false };
  });
  return { format: name, lines };
}

function recordsOf(sample: string, linesMax: number, appendTimeUs: number, join: Join): RecordBatch {
  const options = { join, recordBytesMax: RECORD_BYTES_MAX, recordsMax: linesMax, bytesMax: SAMPLE_BYTES, atEnd: true };
  const { count, begins, ends, offsetDeltas, consumed, cut } = frame(sample, 0, options);
  const where = { topic: "", partition: 0, firstOffset: 0n, nextOffset: BigInt(consumed) };
  return { ...where, text: sample, count, begins, ends, offsetDeltas, cut, appendTimeUs };
}

const LEFT_OUT: ReadonlySet<string> = new Set(["tenant", "source", "service_name", "format", "line_layout"]);
const NUMBERS = ["severity_number", "http_response_status_code", "http_response_body_size", "duration_us"] as const;

function columnsOf(batch: EventBatch, row: number): Record<string, string | number> {
  const columns: Record<string, string | number> = {
    timestamp: isoOf(batch.timestampUs[row]),
    time_source: batch.time_source[row] === 1 ? "event" : "append",
  };
  for (const name of STRING_COLUMNS) {
    const value = batch.strings[name].get(row);
    if (value !== "" && (!LEFT_OUT.has(name) || name === "service_name")) columns[name] = fromByteText(value);
  }
  for (const name of NUMBERS) if (batch[name][row] !== 0) columns[name] = batch[name][row];
  for (const name of ["trace_id", "span_id"] as const)
    if (!batch[name].isEmpty(row)) columns[name] = batch[name].get(row);
  for (let i = row === 0 ? 0 : batch.attributeEnds[row - 1]; i < batch.attributeEnds[row]; i++)
    columns[`attributes.${fromByteText(batch.attributes.key(i))}`] = fromByteText(batch.attributes.values.get(i));
  return columns;
}

/** As the tables show it: UTC, microseconds. */
function isoOf(us: number): string {
  const second = Math.floor(us / 1e6);
  const fraction = String(us - second * 1e6).padStart(6, "0");
  return `${new Date(second * 1000).toISOString().slice(0, 19).replace("T", " ")}.${fraction}`;
}

const WIDTH = 100;

/** For people: each line, below it what it becomes, or where it stops to fit. */
export function triedText({ format, lines }: Tried): string {
  const fitting = lines.filter(({ columns }) => columns !== null).length;
  const kept = lines.filter(({ columns, isExact }) => columns !== null && !isExact).length;
  const blocks = lines.map(({ line, text, columns, misfit }) => {
    const number = `${line}  `;
    if (columns !== null) {
      const rows = Object.entries(columns);
      const cells = table(
        rows,
        [
          { title: "column", value: ([name]) => name },
          { title: "value", value: ([, value]) => String(value) },
        ],
        { widthMax: WIDTH - number.length },
      );
      return [`${number}${cutText(printable(text), WIDTH - number.length)}`, ...indented(cells, number.length)].join(
        "\n",
      );
    }
    const { reason, column } = misfit!;
    // A place far to the right is shown with what stands before it.
    const from = Math.max(0, column - WIDTH + 40);
    const shown = cutText(printable(text.slice(from)), WIDTH - number.length);
    const caret = printable(text.slice(from, column)).length;
    return [
      `${number}${shown}`,
      `${" ".repeat(number.length + caret)}^`,
      ...wrapped(`does not fit: ${reason}`, number.length),
    ].join("\n");
  });
  const summary = `${fitting} of ${lines.length} lines fit ${format}${kept > 0 ? `; ${kept} of them can't be given back by their columns and are kept` : ""}. Nothing was stored.`;
  return [...blocks, wrapped(summary, 0).join("\n")].join("\n\n");
}

function indented(text: string, by: number): string[] {
  return text.split("\n").map((one) => `${" ".repeat(by)}${one}`);
}

/** Words in lines of at most 100 columns. */
function wrapped(text: string, by: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(" ")) {
    if (current !== "" && by + current.length + 1 + word.length > WIDTH) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current].map((one) => `${" ".repeat(by)}${one}`);
}
