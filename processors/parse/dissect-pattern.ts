import { toByteText } from "../model/record.ts";

/*
 * A dissect pattern: keys in `%{…}` and the text between them, which a line is cut at. It can't be written so that a line
 * takes longer than its length: each delimiter is searched forward, once.
 */

/** A key as it is written: `%{name}` and what may stand around the name. */
export interface PatternKey {
  readonly name: string;
  /** "" a value; "?" skipped; "+" a part of one that is put together; "*" a name whose value stands at "&". */
  readonly role: "" | "?" | "+" | "*" | "&";
  /** Of parts: which comes first; ties and those without a number in the order of the line. */
  readonly order: number;
  /** The delimiter behind it may occur several times. */
  readonly isPadded: boolean;
  /** Written behind the name, as in `%{took|ms}`; "" = none. */
  readonly type: string;
}

export interface Pattern {
  readonly keys: readonly PatternKey[];
  /** literals[i] stands before key i, the last one ends the line. Byte text. */
  readonly literals: readonly string[];
}

const PATTERN_KEYS_MAX = 64;
const KEY = /^([?+*&]?)([^|/>]*?)(?:\/([0-9]{1,3}))?(?:\|([A-Za-z]+))?(->)?$/;
const NAME = /^[A-Za-z0-9_.@-]{1,100}$/;

/** The pattern, or what is wrong with it. */
export function parsePattern(text: string): Pattern | string {
  const keys: PatternKey[] = [];
  const literals: string[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf("%{", at);
    literals.push(toByteText(open < 0 ? text.slice(at) : text.slice(at, open)));
    if (open < 0) break;
    const close = text.indexOf("}", open);
    const written = close < 0 ? text.slice(open) : text.slice(open, close + 1);
    if (close < 0) return `${written} has no closing }`;
    const key = parseKey(text.slice(open + 2, close));
    if (typeof key === "string") return `${written} ${key}`;
    if (keys.length > 0 && literals[keys.length] === "")
      return `nothing stands before ${written} to tell where it begins`;
    keys.push(key);
    at = close + 1;
  }
  if (keys.length === 0) return "it has no %{key}";
  if (keys.length > PATTERN_KEYS_MAX) return `it has more than ${PATTERN_KEYS_MAX} keys`;
  if (keys.at(-1)!.isPadded && literals[keys.length] === "")
    return "nothing stands behind the last -> that could repeat";
  return pairProblem(withPairNames(keys)) ?? { keys: withPairNames(keys), literals };
}

function parseKey(inside: string): PatternKey | string {
  const match = KEY.exec(inside);
  if (match === null)
    return "is not understood; write %{name}, with ? + * & before the name and /2, |type, -> behind it";
  const [, role, name, order, type = "", arrow] = match;
  const isSkipped = role === "?" || (role === "" && name === "");
  if (!(isSkipped && name === "") && !NAME.test(name)) return 'needs a name of letters, digits, "_", ".", "@" and "-"';
  if (order !== undefined && role !== "+") return "has an order, which only parts (%{+name/2}) have";
  if (type !== "" && (isSkipped || role === "*")) return "is not kept and can't have a type";
  return {
    name,
    role: isSkipped ? "?" : (role as PatternKey["role"]),
    order: order === undefined ? Number.POSITIVE_INFINITY : Number(order),
    isPadded: arrow !== undefined,
    type,
  };
}

/** `%{?a}=%{&a}` names a value as `%{*a}=%{&a}` does. */
function withPairNames(keys: readonly PatternKey[]): PatternKey[] {
  const named = new Set(keys.filter(({ role }) => role === "&").map(({ name }) => name));
  return keys.map((key) => (key.role === "?" && named.has(key.name) ? { ...key, role: "*" } : key));
}

function pairProblem(keys: readonly PatternKey[]): string | null {
  const seen = new Set<string>();
  for (const { role, name } of keys) {
    if (role === "?") continue;
    const group = role === "" ? "+" : role;
    if (role !== "+" && seen.has(`${group}${name}`))
      return `%{${role}${name}} occurs twice; write %{+${name}} to put both together`;
    seen.add(`${group}${name}`);
  }
  for (const { name } of keys.filter(({ role }) => role === "*"))
    if (!seen.has(`&${name}`)) return `%{*${name}} has no %{&${name}}`;
  for (const { name } of keys.filter(({ role }) => role === "&"))
    if (!seen.has(`*${name}`)) return `%{&${name}} has no %{*${name}}`;
  return null;
}

/** Where a line stops to fit a pattern. */
export interface Misfit {
  /** Position in the line. */
  readonly at: number;
  /** The delimiter that is missing there, as byte text; "" where a value is not what its type says. */
  readonly delimiter: string;
  /** Where in the line the delimiter belongs. */
  readonly role: "begin" | "between" | "end";
  readonly key: string;
  readonly type: string;
}
