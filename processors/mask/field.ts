import type { Pattern } from "./pattern.ts";
import { type KeyKind, PLAIN } from "./secret-key.ts";

/** What the configuration says of fields; names are those of columns, and `attributes.KEY`. */
export interface FieldRules {
  /** Never masked. */
  readonly allow: readonly string[];
  /** Replaced whole by a pseudonym, and so is what stands below them (`attributes.user` covers `attributes.user.id`). */
  readonly deny: readonly string[];
  /** Names under which lines write the denied columns, each with its column: `user.id`, user_id. */
  readonly denyKeys: readonly (readonly [key: string, column: string])[];
}

export const NO_FIELD_RULES: FieldRules = { allow: [], deny: [], denyKeys: [] };

/** How the values of one field are masked. */
export interface Field {
  /** As in the line or the table; "" when it is not known. */
  readonly key: string;
  /** The key as words: see `wordsOf`. */
  readonly words: string;
  readonly treatment: "masked" | "secret" | "allowed" | "denied";
  /** What the pseudonyms of a denied field begin with. */
  readonly kind: string;
  readonly patterns: readonly Pattern[];
}

/** A column for whatever names a user: a number in it is not called an identifier by its key. */
const USER_COLUMN = "user_id";

/** Remembers nothing: whoever asks for a field keeps the answer. */
export function createFieldOf(options: {
  readonly rules: FieldRules;
  readonly patterns: readonly Pattern[];
  readonly kindOf: ((key: string) => KeyKind) | null;
}): (key: string, isColumn: boolean) => Field {
  const { rules, patterns, kindOf } = options;
  // A second name of a denied column in one line becomes an attribute.
  const alsoDenied = new Set(rules.denyKeys.map(([key]) => folded(key)));
  return function fieldOf(key, isColumn) {
    const name = isColumn ? key : `attributes.${key}`;
    const treatment =
      isListed(rules.deny, name) || (!isColumn && alsoDenied.has(folded(key)))
        ? "denied"
        : isListed(rules.allow, name)
          ? "allowed"
          : kindOf !== null && kindOf(key) !== PLAIN
            ? "secret"
            : "masked";
    const kind = pseudonymKind(key);
    return {
      key,
      words: isColumn && key === USER_COLUMN ? "user" : wordsOf(key),
      treatment,
      kind,
      patterns: patterns.filter(({ spec }) => spec.fields === null || isListed(spec.fields, name)),
    };
  };
}

/** A key as it is compared: in lower case, without `_` and `-`. */
export function folded(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9.]/g, "");
}

/** A text in lower case, with `_` between the words of camelCase, as it is searched for words. */
export function wordsOf(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

function isListed(names: readonly string[], name: string): boolean {
  return names.some((listed) => name === listed || name.startsWith(`${listed}.`));
}

/** A field's name as the beginning of a pseudonym: its last part, of letters and "_". */
export function pseudonymKind(name: string): string {
  const last = /[^.[\]:/\s"']*$/.exec(name)![0];
  const words = last
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return words === "" ? "field" : words.slice(0, 32);
}
