import { closeSync, openSync, readSync } from "node:fs";
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import { WeirError } from "../model/errors.ts";
import type { ConfigProblem, KeyPath } from "./config-problems.ts";
import { printable } from "./terminal.ts";

const BYTES_MAX = 1 << 20;
const ALIASES_MAX = 100;

/** What a configuration file says, and where. */
export interface ConfigFile {
  /** The content as plain values; {} where the file can't be understood. */
  readonly value: unknown;
  /** What is wrong with it as YAML. */
  readonly problems: readonly ConfigProblem[];
  /** `file:line:column` of a key path: of the value, or of the key itself. The nearest parent's if there is none. */
  locate(path: KeyPath, what: "key" | "value"): Location;
}

export interface Location {
  readonly line: number;
  readonly column: number;
}

/** The file's text. Throws CONFIG_UNREADABLE; null if there is no such file and it is `optional`. */
export function readConfigText(path: string, optional: boolean): string | null {
  let bytes: Buffer;
  try {
    bytes = readUpTo(path, BYTES_MAX + 1);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (optional && code === "ENOENT") return null;
    throw unreadable(path, `can't be read (${code})`, "check the path and its permissions", cause);
  }
  if (bytes.length > BYTES_MAX) throw unreadable(path, "is larger than 1 MiB", "check that it is the right file");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(path, "is not UTF-8 text", "save it as UTF-8", cause);
  }
}

/** The first line of a password file, or the code of why it can't be read. */
export function readPasswordFile(path: string): { text: string; failed?: never } | { text?: never; failed: string } {
  try {
    return { text: readUpTo(path, 4096).toString("utf8").split(/\r?\n/, 1)[0] };
  } catch (error) {
    return { failed: (error as NodeJS.ErrnoException).code ?? "unknown" };
  }
}

function unreadable(path: string, what: string, remedy: string, cause?: unknown): WeirError {
  return new WeirError("CONFIG_UNREADABLE", `The configuration file ${printable(path)} ${what}; ${remedy}.`, { cause });
}

/** Reads pipes too, whose size is not known before. */
function readUpTo(path: string, bytesMax: number): Buffer {
  const buffer = Buffer.alloc(bytesMax);
  const descriptor = openSync(path, "r");
  try {
    let length = 0;
    while (length < bytesMax) {
      const read = readSync(descriptor, buffer, length, bytesMax - length, null);
      if (read === 0) break;
      length += read;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Words of our own for each of the YAML library's codes: its messages quote the file, which may hold a password.
 * `usable`: the rest of the file still means what it says.
 */
const SYNTAX: Readonly<Record<string, { readonly what: string; readonly usable?: true }>> = {
  DUPLICATE_KEY: { what: "the key stands here a second time", usable: true },
  TAG_RESOLVE_FAILED: { what: "the tag (!…) is not known; put the value in quotes", usable: true },
  BAD_DIRECTIVE: { what: "the directive (%…) is not known", usable: true },
  NON_STRING_KEY: { what: "a key must be text" },
  MULTIPLE_DOCS: { what: "a second document begins here; the file must hold one" },
  TAB_AS_INDENT: { what: "the line is indented with a tab; use spaces" },
  BAD_INDENT: { what: "the line is not indented as its neighbours are" },
  MISSING_CHAR: { what: "a closing quote or bracket, a comma or a space is missing" },
  BAD_SCALAR_START: { what: "a value can't begin with this character; put it in quotes" },
  BAD_DQ_ESCAPE: { what: "the escape (\\…) is not known; use single quotes to write a backslash" },
  BLOCK_AS_IMPLICIT_KEY: { what: 'a value that holds ": " must be in quotes; keys stand on their own lines' },
  RESOURCE_EXHAUSTION: { what: "the nesting is too deep" },
};

export function parseConfigFile(text: string): ConfigFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true, lineCounter });
  const at = (offset: number): Location => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const locate = (path: KeyPath, what: "key" | "value") => at(find(document.contents, path, what, document));

  const problems: ConfigProblem[] = [];
  const report = (what: string, offset: number) => problems.push({ origin: at(offset), path: [], what });
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    const syntax = SYNTAX[code] ?? { what: "this is not valid YAML here" };
    report(syntax.what, pos[0]);
    // What follows a broken line is mostly its consequence.
    if (syntax.usable !== true) return { value: {}, problems, locate };
  }
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return;
      report("the alias (*…) has no anchor; put the value in quotes if it is meant as text", alias.range![0]);
    },
  });
  if (problems.some(({ what }) => what.startsWith("the alias"))) return { value: {}, problems, locate };
  try {
    return { value: document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {}, problems, locate };
  } catch {
    report("the aliases (*…) expand to too much", 0);
    return { value: {}, problems, locate };
  }
}

/** Offset in the text of what a key path leads to. */
function find(
  root: Node | null,
  path: KeyPath,
  what: "key" | "value",
  document: ReturnType<typeof parseDocument>,
): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [depth, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
      if (pair === undefined) return offset;
      const key = (pair.key as Node).range![0];
      const value = (pair.value as Node | null)?.range?.[0] ?? key;
      offset = depth === path.length - 1 && what === "value" ? value : key;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(segment)] as Node | undefined;
      if (item === undefined) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}
