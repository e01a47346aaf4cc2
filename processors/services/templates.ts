import { rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { frame } from "../decode/frame.ts";
import { templateOf } from "../enrich/template.ts";
import { type OpenedFile, openFile } from "../files/opened-file.ts";
import { createMaskStage } from "../mask/stage.ts";
import { WeirError } from "../model/errors.ts";
import { EventBatch } from "../model/event-batch.ts";
import type { RecordBatch } from "../model/record.ts";
import { detect } from "../parse/detect.ts";
import { createParse } from "../parse/parse.ts";
import type { Config } from "../runtime/config.ts";
import { makeFolder } from "../runtime/folder.ts";
import { createMasks } from "./masks.ts";
import { detectedOf, ownFormatsOf } from "./own-formats.ts";
import { formatOf, sourceNameOf } from "./partition.ts";

export interface TemplatesOptions {
  readonly config: Config;
  readonly files: readonly string[];
  readonly directory: string;
}

/** What became of one file. */
export interface FileTemplates {
  readonly file: string;
  readonly written: string;
  readonly format: string;
  readonly lines: number;
  readonly templates: number;
}

const SAMPLE_BYTES = 64 << 10;
const READ_BYTES = 4 << 20;
const RECORDS_MAX = 65_536;
const KEY_BYTES = 32;

/**
 * Writes the templates of each file's lines to `DIR/<name>.csv`: one column, `template`, and a row for every line, in
 * order, blank lines too. They are those that a load would give the lines, masked; a line without a message, as of an access
 * log, has the template of the whole line. Stores nothing. Throws what opening and reading files throws, and USAGE where
 * two files have the same name.
 */
export async function writeTemplates({ config, files, directory }: TemplatesOptions): Promise<FileTemplates[]> {
  const names = files.map(csvNameOf);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new WeirError("USAGE", `Two of the files would be written to ${twice}.csv; name them in several calls.`);
  try {
    makeFolder(directory);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new WeirError("USAGE", `The folder ${directory} can't be made (${reason}); name another one.`, {
      cause: error,
    });
  }
  const results: FileTemplates[] = [];
  for (const [i, path] of files.entries()) {
    const file = await openFile(path);
    try {
      results.push(await writeFileTemplates(config, file, join(directory, `${names[i]}.csv`)));
    } finally {
      await file.close();
    }
  }
  return results;
}

function csvNameOf(path: string): string {
  return basename(path)
    .replace(/\.(gz|zst|zstd)$/i, "")
    .replace(/\.(log|txt|json|jsonl|ndjson|out)$/i, "");
}

async function writeFileTemplates(config: Config, file: OpenedFile, path: string): Promise<FileTemplates> {
  const own = ownFormatsOf(config);
  const source = sourceNameOf(file.path);
  const declared = formatOf(config, source);
  const sample = (await file.sample(SAMPLE_BYTES)).latin1Slice();
  const format = declared === "auto" ? detect(sample, detectedOf(config, own)) : declared;
  const timezone = config.sources.find(({ name }) => name === source)?.timezone ?? "UTC";
  const parse = createParse({ format, isDeclared: false, source, tenant: "", service: "", formats: own, timezone });
  // Templates hold no pseudonyms, so the key that makes them does not matter.
  const maskOf = config.mask.enabled ? createMasks(config, new Uint8Array(KEY_BYTES)) : null;
  const mask = maskOf === null ? null : createMaskStage(maskOf);
  const maskText = (text: string) => maskOf?.("").text(text) ?? text;
  const batch = new EventBatch(RECORDS_MAX);
  const distinct = new Set<string>();
  let text = "template\n";
  let lines = 0;
  for await (const records of recordsOf(file, config.batch.recordBytesMax)) {
    batch.begin(records);
    parse(batch);
    mask?.(batch);
    const templates = Array.from({ length: records.count }, () => "");
    for (let row = 0; row < batch.rows; row++) templates[batch.record[row]] = rowTemplate(batch, row, maskText);
    for (const template of templates) {
      distinct.add(template);
      text += `${cell(template)}\n`;
    }
    lines += records.count;
  }
  // Whole or not at all.
  await writeFile(`${path}.new`, text, "latin1");
  await rename(`${path}.new`, path);
  return { file: file.path, written: path, format, lines, templates: distinct.size };
}

function rowTemplate(batch: EventBatch, row: number, maskText: (text: string) => string): string {
  const { body } = batch.strings;
  if (body.ids[row] !== 0) return templateOf(body.get(row));
  const { text, begins, ends } = batch.records;
  const record = batch.record[row];
  return templateOf(maskText(text.slice(begins[record], ends[record])));
}

/** RFC 4180. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The lines of a file, each a record of its own, in batches. */
async function* recordsOf(file: OpenedFile, recordBytesMax: number): AsyncGenerator<RecordBatch> {
  const reader = await file.open();
  const buffer = Buffer.alloc(READ_BYTES);
  const limits = { join: false, recordBytesMax, recordsMax: RECORDS_MAX, bytesMax: Number.POSITIVE_INFINITY };
  let rest = "";
  let position = 0;
  try {
    for (let atEnd = false; !atEnd; ) {
      const got = await reader.read(position, buffer, 0, READ_BYTES);
      position += got;
      atEnd = got === 0;
      rest += buffer.latin1Slice(0, got);
      for (;;) {
        const { count, begins, ends, offsetDeltas, consumed, cut } = frame(rest, 0, { ...limits, atEnd });
        if (count === 0) break;
        const where = { topic: "", partition: 0, firstOffset: 0n, nextOffset: BigInt(consumed) };
        yield { ...where, text: rest, count, begins, ends, offsetDeltas, cut, appendTimeUs: file.mtimeUs };
        rest = rest.slice(consumed);
        if (rest === "") break;
      }
    }
  } finally {
    await reader.close();
  }
}
