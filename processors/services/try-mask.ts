import { frame } from "../decode/frame.ts";
import { lastHeader } from "../files/header-line.ts";
import { openFile } from "../files/opened-file.ts";
import type { Find } from "../mask/characters.ts";
import { type Field, type Mask, RULE_NAMES } from "../mask/mask.ts";
import { MASKED_COLUMNS } from "../mask/stage.ts";
import { EventBatch } from "../model/event-batch.ts";
import type { Join } from "../model/ports.ts";
import { fromByteText, type RecordBatch } from "../model/record.ts";
import { detect } from "../parse/detect.ts";
import { formatByName } from "../parse/formats.ts";
import { createParse } from "../parse/parse.ts";
import type { Config } from "../runtime/config.ts";
import { table } from "../runtime/table.ts";
import { printable } from "../runtime/terminal.ts";
import { createMasks } from "./masks.ts";
import { checkFormatName, detectedOf, ownFormatsOf } from "./own-formats.ts";

export interface TryMaskOptions {
  readonly config: Config;
  readonly file: string;
  readonly format: string;
  readonly linesMax: number;
}

/** What one rule found in the lines. */
export interface TriedRule {
  readonly rule: string;
  readonly values: number;
  /** Lines with at least one. */
  readonly lines: number;
  /** Values beside which a word, a key, grouping or the shape itself says what they are. */
  readonly withEvidence: number;
  /** How many of the others their check digits are expected to have let through by chance; null for rules without check digits. */
  readonly byChance: number | null;
  /** Share of the values that are what the rule takes them for, as far as check digits tell; null where they don't. */
  readonly precision: number | null;
  readonly examples: readonly Example[];
}

export interface Example {
  /** The value, partly hidden. */
  readonly value: string;
  readonly becomes: string;
  /** Around it, with everything else that is masked masked. */
  readonly context: string;
}

export interface TriedMask {
  readonly format: string;
  readonly lines: number;
  readonly linesTouched: number;
  /** The file goes on. */
  readonly isCut: boolean;
  readonly rules: readonly TriedRule[];
}

const BYTES_MAX = 64 << 20;
const BATCH_RECORDS = 10_000;
const EXAMPLES_MAX = 5;
const CONTEXT_LENGTH = 30;
/** Nobody sees a pseudonym of it, so it need not be the one that stays. */
const KEY = new Uint8Array(32);

interface Tally {
  values: number;
  lines: number;
  lastLine: number;
  withEvidence: number;
  readonly examples: Map<string, Example>;
}

/** Reads the first lines of a file as they would be loaded, and tells what masking would find in them. Stores nothing. */
export async function tryMask({ config, file, format, linesMax }: TryMaskOptions): Promise<TriedMask> {
  checkFormatName(format, config);
  const own = ownFormatsOf(config);
  const mask = createMasks(config, KEY)("default");
  const opened = await openFile(file);
  let text: string;
  let mtimeUs: number;
  try {
    text = (await opened.sample(BYTES_MAX)).latin1Slice();
    ({ mtimeUs } = opened);
  } finally {
    await opened.close();
  }
  const name = format === "auto" ? detect(text.slice(0, 1 << 16), detectedOf(config, own)) : format;
  const parse = createParse({
    format: name,
    isDeclared: format !== "auto",
    source: "",
    tenant: "",
    service: "",
    formats: own,
  });
  const batch = new EventBatch(BATCH_RECORDS);
  const tallies = new Map<string, Tally>();
  const keys = new Map<string, Field>();
  const columns = MASKED_COLUMNS.filter((column) => column !== "line_layout").map((column) => ({
    column,
    field: mask.fieldOf(column, true),
  }));
  const whole = mask.fieldOf("", true);
  const touched = new Set<number>();
  let lines = 0;
  let from = 0;
  const prefix = formatByName(name, own).headerPrefix ?? null;
  let header = "";
  const look = (field: Field, value: string, line: number) => {
    if (value === "") return;
    if (count(mask, field, value, line, tallies)) touched.add(line);
  };
  while (lines < linesMax) {
    const records = recordsOf(
      text,
      from,
      Math.min(BATCH_RECORDS, linesMax - lines),
      mtimeUs,
      config.batch.recordBytesMax,
      formatByName(name, own).joins,
    );
    if (records.count === 0) break;
    batch.begin(header === "" ? records : { ...records, header });
    parse(batch);
    if (prefix !== null) header = lastHeader(text, from, Number(records.nextOffset), prefix) ?? header;
    for (let row = 0; row < batch.rows; row++) {
      const line = lines + batch.record[row];
      for (const { column, field } of columns) look(field, batch.strings[column].get(row), line);
      for (let i = row === 0 ? 0 : batch.attributeEnds[row - 1]; i < batch.attributeEnds[row]; i++) {
        const key = batch.attributes.key(i);
        let field = keys.get(key);
        if (field === undefined) keys.set(key, (field = mask.fieldOf(key, false)));
        look(field, batch.attributes.values.get(i), line);
      }
    }
    for (const letter of batch.deadLetters) look(whole, letter.payload, lines + letter.record);
    lines += records.count;
    from = Number(records.nextOffset);
  }
  const rules = [...tallies]
    .map(([rule, tally]) => triedRule(rule, tally, mask))
    .sort((a, b) => b.values - a.values || (a.rule < b.rule ? -1 : 1));
  return {
    format: name,
    lines,
    linesTouched: touched.size,
    isCut: from < text.length || text.length >= BYTES_MAX,
    rules,
  };
}

function recordsOf(
  text: string,
  from: number,
  recordsMax: number,
  appendTimeUs: number,
  recordBytesMax: number,
  join: Join,
): RecordBatch {
  const { count, begins, ends, offsetDeltas, consumed, cut } = frame(text, from, {
    join,
    recordBytesMax,
    recordsMax,
    bytesMax: BYTES_MAX,
    atEnd: true,
  });
  const where = { topic: "", partition: 0, firstOffset: BigInt(from), nextOffset: BigInt(consumed) };
  return { ...where, text, count, begins, ends, offsetDeltas, cut, appendTimeUs };
}

/** Adds what is found in one value, and says whether it is anything. */
function count(mask: Mask, field: Field, value: string, line: number, tallies: Map<string, Tally>): boolean {
  const { finds, replacements } = mask.inspect(field, value);
  finds.forEach((find, i) => {
    let tally = tallies.get(find.rule);
    if (tally === undefined) {
      tally = { values: 0, lines: 0, lastLine: -1, withEvidence: 0, examples: new Map() };
      tallies.set(find.rule, tally);
    }
    tally.values++;
    if (tally.lastLine !== line) tally.lines++;
    tally.lastLine = line;
    if (find.isSupported ?? true) tally.withEvidence++;
    if (tally.examples.size < EXAMPLES_MAX) {
      const hidden = partlyHidden(value.slice(find.begin, find.end), find.kind === "replacement");
      const becomes = shortened(replacements[i]);
      if (!tally.examples.has(hidden))
        tally.examples.set(hidden, {
          value: hidden,
          becomes,
          context: contextOf(value, field, finds, replacements, i, hidden),
        });
    }
  });
  return finds.length > 0;
}

/** The digits of a pseudonym tell nothing here: they are of no key that stays. */
function shortened(replacement: string): string {
  return replacement.replace(/:[0-9a-f]{16}>/, ":…>");
}

/** `jo…@ex….com`, `41…11`; of secrets the length and no more than the first character. */
export function partlyHidden(value: string, isSecret: boolean): string {
  const text = fromByteText(value);
  if (isSecret) return printable(`${text.slice(0, 1)}… (${text.length} characters)`);
  const at = /^(.{1,2})[^@]*(@.{1,2}).*(\.[^.]*)$/.exec(text);
  if (at !== null) return printable(`${at[1]}…${at[2]}…${at[3]}`);
  return printable(text.length < 8 ? `${text.slice(0, 1)}…` : `${text.slice(0, 2)}…${text.slice(-2)}`);
}

function contextOf(
  value: string,
  field: Field,
  finds: readonly Find[],
  replacements: readonly string[],
  which: number,
  hidden: string,
): string {
  let before = "";
  let done = 0;
  for (let i = 0; i < which; i++) {
    before += value.slice(done, finds[i].begin) + shortened(replacements[i]);
    done = finds[i].end;
  }
  before += value.slice(done, finds[which].begin);
  let after = "";
  done = finds[which].end;
  for (let i = which + 1; i < finds.length; i++) {
    after += value.slice(done, finds[i].begin) + shortened(replacements[i]);
    done = finds[i].end;
  }
  after += value.slice(done);
  const key = field.key === "" ? "" : `${field.key}: `;
  const left = before.length > CONTEXT_LENGTH ? `…${before.slice(-CONTEXT_LENGTH)}` : before;
  const right = after.length > CONTEXT_LENGTH ? `${after.slice(0, CONTEXT_LENGTH)}…` : after;
  return printable(`${key}${readable(left)}${hidden}${readable(right)}`);
}

/** Byte text for people; "…" was put in as a character. */
function readable(text: string): string {
  return text.split("…").map(fromByteText).join("…");
}

function triedRule(rule: string, tally: Tally, mask: Mask): TriedRule {
  const { values, lines, withEvidence } = tally;
  const isChecked = rule in mask.chance;
  const chance = isChecked ? mask.chance[rule as keyof Mask["chance"]] : null;
  const byChance = chance === null ? null : Math.min(values - (rule === "iban" ? 0 : withEvidence), chance);
  const precision = byChance === null ? null : Math.max(0, 1 - byChance / values);
  return {
    rule,
    values,
    lines,
    withEvidence,
    byChance: rounded(byChance),
    precision: rounded(precision),
    examples: [...tally.examples.values()],
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}

/** For people: a table of the rules, and their examples. */
export function triedMaskText(tried: TriedMask): string {
  const { lines, linesTouched, rules } = tried;
  const share = lines === 0 ? 0 : (100 * linesTouched) / lines;
  const head = `${tried.isCut ? "The first " : ""}${lines.toLocaleString("en")} lines, read as ${tried.format}; ${linesTouched.toLocaleString("en")} of them (${share.toFixed(1)} %) would be masked. Nothing was stored.`;
  if (rules.length === 0) return head;
  const overview = table(rules, [
    { title: "rule", value: ({ rule }) => rule },
    { title: "values", value: ({ values }) => values },
    { title: "lines", value: (row) => row.lines },
    { title: "with evidence", value: ({ withEvidence }) => withEvidence },
    { title: "expected by chance", value: ({ byChance }) => (byChance === null ? "-" : String(byChance)) },
    { title: "precision", value: ({ precision }) => (precision === null ? "-" : `${(100 * precision).toFixed(1)} %`) },
  ]);
  const examples = rules.flatMap(({ rule, examples: list }) => [
    "",
    `${rule}${(RULE_NAMES as readonly string[]).includes(rule) ? "" : " (yours)"}:`,
    ...list.map(({ value, becomes, context }) => `  ${value} becomes ${becomes} in ${context}`),
  ]);
  return [head, "", overview, ...examples].join("\n");
}
