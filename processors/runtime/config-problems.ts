import type { z } from "zod";
import { WeirError } from "../model/errors.ts";
import type { JsonSchema } from "./config-schema.ts";
import { FORMATS } from "./config-sources.ts";
import { notOneOf, shown } from "./config-values.ts";
import { didYouMean } from "./spelling.ts";
import { printable } from "./terminal.ts";

export type KeyPath = readonly (string | number)[];

/** One thing that is wrong with the configuration. Holds no secret: `what` shows no value of a secret's key. */
export interface ConfigProblem {
  /** Position in the file, or the name of the environment variable or flag that set the value. */
  readonly origin: { readonly line: number; readonly column: number } | string;
  /** Key path; [] for the whole. */
  readonly path: KeyPath;
  readonly what: string;
}

const PROBLEMS_SHOWN_MAX = 50;

const KIND = { string: "text", number: "a number", boolean: "true or false", array: "a list", object: "a mapping" };

/** zod's error map: one sentence part per issue, without the value where it may be secret. */
export const describeIssue: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type": {
      if (issue.input === undefined) return "is required";
      const wanted = issue.expected === "int" ? "a whole number" : (KIND[issue.expected as keyof typeof KIND] ?? "");
      const hint = wanted === "text" && isPlainScalar(issue.input) ? "; put it in quotes" : "";
      return `must be ${wanted}, but it is ${kindOf(issue.input)}${hint}`;
    }
    case "invalid_value":
      return notOneOf(issue.input, issue.values.map(String));
    case "too_small":
      return issue.origin === "string"
        ? "must not be empty"
        : `must be at least ${issue.minimum}, but it is ${shown(issue.input)}`;
    case "too_big":
      if (issue.origin === "string") return `must be at most ${issue.maximum} characters long`;
      if (issue.origin === "array") return `must have at most ${issue.maximum} entries`;
      return `must be at most ${issue.maximum}, but it is ${shown(issue.input)}`;
    default:
      return "is not valid";
  }
};

function isPlainScalar(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isInteger(value) ? "a number" : "a number with a fraction";
  if (typeof value === "boolean") return String(value);
  return typeof value === "string" ? "text" : "a mapping";
}

/** A key for an error message. What comes after a colon or the like may be a value, so it is left out. */
function shownKey(key: string): string {
  const plain = /^[A-Za-z0-9_.-]{0,64}/.exec(key)![0];
  return plain === key ? key : `${plain}…`;
}

/** What is wrong with an unknown key below a path: a guess, or what may stand there. */
export function unknownKey(path: KeyPath, key: string, schema: JsonSchema): string {
  const known = Object.keys(schemaAt(schema, path).properties ?? {});
  const plain = /^[A-Za-z0-9_.-]*/.exec(key)![0];
  const guess = didYouMean(plain, known);
  const colon = plain !== key && guess === plain ? " (a space must follow the colon)" : "";
  const help = guess === null ? `the keys here are ${known.join(", ")}` : `did you mean ${guess}?${colon}`;
  return `unknown key; ${help}`;
}

function schemaAt(schema: JsonSchema, path: KeyPath): JsonSchema {
  let at = schema;
  for (const segment of path) at = (typeof segment === "number" ? at.items : at.properties?.[segment]) ?? {};
  return at;
}

/** Rules between keys. They look at the raw value, so that they speak even when something else is wrong. */
export function crossProblems(value: unknown): { path: KeyPath; what: string }[] {
  const problems: { path: KeyPath; what: string }[] = [];
  for (const list of ["sources", "rules", "formats", "lookups"] as const) {
    const seen = new Set<string>();
    for (const [index, item] of entriesOf(at(value, list))) {
      const name = at(item, "name");
      if (typeof name !== "string") continue;
      if (seen.has(name)) problems.push({ path: [list, index, "name"], what: `${shown(name)} is taken already` });
      seen.add(name);
    }
  }
  const maskSection = at(value, "mask");
  const names = new Set<unknown>();
  for (const [index, item] of entriesOf(at(maskSection, "patterns"))) {
    const name = at(item, "name");
    if (names.has(name))
      problems.push({ path: ["mask", "patterns", index, "name"], what: `${shown(name)} is taken already` });
    names.add(name);
  }
  const denied = at(maskSection, "deny");
  for (const [index, name] of entriesOf(at(maskSection, "allow"))) {
    if (Array.isArray(denied) && denied.includes(name))
      problems.push({ path: ["mask", "allow", index], what: `${shown(name)} is denied as well; keep one of the two` });
  }
  const formats = [...FORMATS, ...entriesOf(at(value, "formats"))].map((one) =>
    typeof one === "string" ? one : String(at(one[1], "name")),
  );
  for (const [index, source] of entriesOf(at(value, "sources"))) {
    const format = at(source, "format");
    if (typeof format === "string" && !formats.includes(format))
      problems.push({ path: ["sources", index, "format"], what: notOneOf(format, formats) });
  }
  for (const [index, rule] of entriesOf(at(value, "rules"))) {
    for (const key of at(rule, "from") === undefined
      ? []
      : ["distinct", "filter", "errors", "value", "value_decimals", "keys_max"])
      if (at(rule, key) !== undefined)
        problems.push({ path: ["rules", index, key], what: "stands beside from; the other rule says what is counted" });
    const seen = new Set<unknown>();
    for (const [place, column] of entriesOf(at(rule, "group_by"))) {
      const path = ["rules", index, "group_by", place];
      if (seen.has(column)) problems.push({ path, what: `${shown(column)} stands in the key already` });
      seen.add(column);
    }
  }
  problems.push(...topicProblems(value), ...accountProblems(value));
  return problems;
}

/** A topic is read by one source, which says what its lines are. */
function topicProblems(value: unknown): { path: KeyPath; what: string }[] {
  const problems: { path: KeyPath; what: string }[] = [];
  const sources = [...entriesOf(at(value, "sources"))];
  const taken = new Set(
    sources.filter(([, source]) => at(source, "topic") === undefined).map(([, one]) => at(one, "name")),
  );
  for (const [index, source] of sources) {
    const topic = at(source, "topic");
    if (topic === undefined && at(source, "format") === "avro")
      problems.push({ path: ["sources", index, "format"], what: "is only for topics; the source has none" });
    if (topic === undefined) continue;
    const path = ["sources", index, "topic"];
    if (taken.has(topic)) problems.push({ path, what: `${shown(topic)} is another source's already` });
    taken.add(topic);
    const files = at(source, "files");
    if (Array.isArray(files) && files.length > 0)
      problems.push({ path, what: "stands beside files; give the topic a source of its own" });
    if ((at(source, "format") ?? "auto") === "auto")
      problems.push({ path, what: "needs a format beside it that is not auto: nothing of a topic is guessed" });
  }
  return problems;
}

function accountProblems(value: unknown): { path: KeyPath; what: string }[] {
  const problems: { path: KeyPath; what: string }[] = [];
  const sasl = at(at(value, "kafka"), "sasl");
  for (const [path, account] of [
    [["clickhouse"], at(value, "clickhouse")],
    [["kafka", "sasl"], sasl],
    [["topics", "registry"], at(at(value, "topics"), "registry")],
  ] as const)
    if (at(account, "password") !== undefined && at(account, "password_file") !== undefined)
      problems.push({ path: [...path, "password_file"], what: "stands beside password; keep one of the two" });
  if (at(sasl, "mechanism") !== undefined && at(sasl, "username") === undefined)
    problems.push({ path: ["kafka", "sasl", "username"], what: "is required where there is a mechanism" });
  const brokers = at(at(value, "kafka"), "brokers");
  if (at(at(value, "topics"), "to") === "kafka" && (brokers === undefined || (brokers as unknown[]).length === 0))
    problems.push({ path: ["topics", "to"], what: "needs kafka.brokers" });
  return problems;
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function entriesOf(value: unknown): Iterable<[number, unknown]> {
  return Array.isArray(value) ? value.entries() : [];
}

/** One error for all problems: a sentence, then a line for each, in the order of the file, then the environment's. */
export function invalidConfig(problems: readonly ConfigProblem[], file: string): WeirError {
  const lines = [...problems].sort(byOrigin).map((problem) => `  ${line(problem, file)}`);
  const hidden = lines.length - PROBLEMS_SHOWN_MAX;
  if (hidden > 0) lines.splice(PROBLEMS_SHOWN_MAX, hidden, `  … and ${hidden} more`);
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  const sentence = `The configuration has ${count}; correct what follows (weir config --schema describes every key).`;
  return new WeirError("CONFIG_INVALID", `${sentence}\n${lines.join("\n")}`);
}

function byOrigin(a: ConfigProblem, b: ConfigProblem): number {
  if (typeof a.origin === "string") return typeof b.origin === "string" ? 0 : 1;
  if (typeof b.origin === "string") return -1;
  return a.origin.line - b.origin.line || a.origin.column - b.origin.column;
}

function line({ origin, path, what }: ConfigProblem, file: string): string {
  const where = typeof origin === "string" ? origin : `${printable(file)}:${origin.line}:${origin.column}`;
  return `${where}: ${path.length === 0 ? "" : `${writePath(path)}: `}${what}`;
}

/** `sources[1].format` */
export function writePath(path: KeyPath): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${segment}]`;
    return text === "" ? shownKey(segment) : `${text}.${shownKey(segment)}`;
  }, "");
}
