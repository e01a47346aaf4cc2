import type { OwnFormat, ValueType } from "../model/own-format.ts";
import { VALUE_TYPES } from "../model/own-format.ts";
import { toByteText } from "../model/record.ts";
import { type Pattern, parsePattern } from "./dissect-pattern.ts";
import { type DurationUnit, type Field, fieldOf } from "./fields.ts";
import { severityOfWord } from "./severity.ts";
import { timeFormatProblem } from "./time-format.ts";

/*
 * What becomes of the keys of a pattern: each value goes to one place, which is known before a line is read.
 */

/** A value of a line: which parts of it make it, and where it goes. */
export interface Target {
  readonly kind: "skip" | "value" | "name" | "named";
  /** Indices of the keys whose texts make the value, in the value's order. */
  readonly parts: readonly number[];
  /** The parts follow each other in the line, the separator between them: the value stands in the line. */
  readonly isSpan: boolean;
  readonly type: ValueType | "";
  /** Where it goes: a field, or an attribute of that name. */
  readonly field: Field | undefined;
  readonly name: string;
  /** Of a value with a name in the line: index of the key that holds it. */
  readonly nameKey: number;
}

export interface CompiledPattern extends Pattern {
  /** In the order of their first keys in the line. */
  readonly targets: readonly Target[];
}

export interface FormatProblem {
  readonly path: readonly (string | number)[];
  readonly what: string;
}

const DURATION_UNITS: readonly string[] = ["s", "ms", "us", "ns"] satisfies DurationUnit[];

/** The field that a type reads into, whatever the key is called; undefined: the name decides. */
function fieldOfType(type: ValueType | ""): Field | undefined {
  if (type === "time" || type === "severity") return { kind: type };
  if (DURATION_UNITS.includes(type)) return { kind: "duration", unit: type as DurationUnit };
  return type === "duration" ? { kind: "duration", unit: "s" } : undefined;
}

/** Places in the row that a field fills: no two keys may share one. */
function placesOf(field: Field): string[] {
  if (field.kind === "string") return [field.column];
  if (field.kind === "url") return ["url_path", "url_query"];
  if (field.kind === "severity") return ["severity_text", "severity_number"];
  return [field.kind === "time" ? "timestamp" : field.kind];
}

/** The patterns of a format as they are read, and everything that is wrong with the format. */
export function compilePatterns(own: OwnFormat): { patterns: CompiledPattern[]; problems: FormatProblem[] } {
  const problems: FormatProblem[] = [];
  const patterns: CompiledPattern[] = [];
  const names = new Set<string>();
  for (const [i, text] of own.patterns.entries()) {
    const pattern = parsePattern(text);
    if (typeof pattern === "string") {
      problems.push({ path: ["dissect", i], what: pattern });
      continue;
    }
    for (const { name } of pattern.keys) names.add(name);
    const compiled = compile(pattern, own);
    if (typeof compiled === "string") problems.push({ path: ["dissect", i], what: compiled });
    else patterns.push(compiled);
  }
  for (const [i, format] of own.timeFormats.entries()) {
    const what = timeFormatProblem(format);
    if (what !== null) problems.push({ path: ["time_format", i], what });
  }
  // Where a pattern is not understood, nobody knows its keys.
  const areRead = patterns.length === own.patterns.length;
  for (const section of ["types", "columns"] as const)
    for (const key of Object.keys(own[section]))
      if (areRead && !names.has(key)) problems.push({ path: [section, key], what: "no pattern has this key" });
  for (const [key, column] of Object.entries(own.columns))
    if (!column.startsWith("attributes.") && fieldOf(column) === undefined)
      problems.push({
        path: ["columns", key],
        what: `${column} is no known field; write attributes.${column} to keep it as an attribute`,
      });
  for (const [word, known] of Object.entries(own.severities))
    if (severityOfWord(known) === 0)
      problems.push({
        path: ["severities", word],
        what: "is no known severity; use trace, debug, info, notice, warn, error, critical or fatal",
      });
  return { patterns, problems };
}

/** Attributes are named by the key, or by what `columns` says. */
function placeOf(key: string, type: ValueType | "", own: OwnFormat): { name: string; field: Field | undefined } {
  const column = own.columns[key];
  if (column?.startsWith("attributes."))
    return { name: toByteText(column.slice("attributes.".length)), field: fieldOfType(type) };
  const name = column ?? key;
  return { name, field: fieldOfType(type) ?? fieldOf(name) };
}

function compile(pattern: Pattern, own: OwnFormat): CompiledPattern | string {
  const { keys, literals } = pattern;
  const targets: Target[] = [];
  const taken = new Map<string, string>();
  for (const [i, key] of keys.entries()) {
    const { name, role } = key;
    const parts =
      role === "" || role === "+"
        ? keys.map((_, k) => k).filter((k) => keys[k].name === name && (keys[k].role === "" || keys[k].role === "+"))
        : [i];
    if (parts[0] !== i) continue;
    if (role === "?" || role === "*") {
      targets.push({
        kind: role === "?" ? "skip" : "name",
        parts,
        isSpan: true,
        type: "",
        field: undefined,
        name,
        nameKey: -1,
      });
      continue;
    }
    const written = [...new Set(parts.map((k) => keys[k].type).filter((type) => type !== ""))];
    const type = (written[0] ?? own.types[name] ?? "") as ValueType | "";
    if (written.length > 1 || (type !== "" && !VALUE_TYPES.includes(type)))
      return `${type} is no type of %{${name}}; types are ${VALUE_TYPES.join(", ")}`;
    if (role === "&") {
      const nameKey = keys.findIndex((candidate) => candidate.role === "*" && candidate.name === name);
      if (type !== "" && fieldOfType(type) !== undefined)
        return `%{&${name}} is named by the line and can't be a ${type}`;
      targets.push({ kind: "named", parts, isSpan: true, type, field: undefined, name, nameKey });
      continue;
    }
    const ordered = parts.toSorted((a, b) => keys[a].order - keys[b].order || a - b);
    const isSpan = ordered.every(
      (k, n) => n === 0 || (k === ordered[n - 1] + 1 && literals[k] === own.appendSeparator && !keys[k - 1].isPadded),
    );
    const { name: place, field } = placeOf(name, type, own);
    for (const one of [`attributes.${place}`, ...(field === undefined ? [] : placesOf(field))]) {
      const other = taken.get(one);
      if (other !== undefined)
        return `%{${other}} and %{${name}} both go to ${one}; put them together with %{+${other}}, or send one to attributes.NAME in columns`;
      taken.set(one, name);
    }
    targets.push({ kind: "value", parts: ordered, isSpan, type, field, name: place, nameKey: -1 });
  }
  return { keys, literals, targets };
}
