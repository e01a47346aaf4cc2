import type { ByteWindow } from "../model/byte-window.ts";
import { type Find, Scan } from "./characters.ts";
import { isRoleAddress } from "./contact.ts";
import { deniedKeysOf } from "./denied.ts";
import { createFieldOf, type Field, type FieldRules, NO_FIELD_RULES, wordsOf } from "./field.ts";
import { mergeFinds, type Pattern } from "./pattern.ts";
import { createPseudonym } from "./pseudonym.ts";
import { RULE_NAMES, type RuleName, type Rules, scanText } from "./scan.ts";
import { createKeyKind, PLAIN } from "./secret-key.ts";

export type { Field } from "./field.ts";
export { RULE_NAMES, type RuleName } from "./scan.ts";

/**
 * Takes personal data and credentials out of text before it is stored. All text is byte text. What has nothing to
 * hide comes back as the very same string; what was masked once is not changed by masking it again.
 */
export interface Mask {
  /** Any text: a message, a path, a query string, a line of JSON or logfmt. */
  text(value: string): string;
  /** The value of a field whose key is known: "<secret>" under a secret key (unless empty), else as `text`. */
  value(key: string, value: string): string;
  /** How a field is masked: a column by its name, or an attribute by its key. */
  fieldOf(key: string, isColumn: boolean): Field;
  /** A value of a field. Nothing follows from nothing. */
  valueOf(field: Field, value: string): string;
  /** As `valueOf` of text[begin, end), where `window` is of this text; null if it stays as it is. */
  spanOf(field: Field, window: ByteWindow, text: string, begin: number, end: number): string | null;
  /** A user agent: as `valueOf`, but a crawler's contact address (a role's, see contact.ts) stays. */
  userAgent(field: Field, value: string): string;
  /** Whether any field is denied. */
  readonly hasDenied: boolean;
  /** What would be replaced in a field's value, in its order, and by what. */
  inspect(field: Field, value: string): Inspection;
  /** How many finds are expected to have passed their check by chance, of all texts so far. */
  readonly chance: Readonly<Scan["chance"]>;
  /** The pseudonyms of a value: as it is, and as the rules find and normalise it. 16 hexadecimal digits each. */
  digestsOf(value: string): readonly string[];
  /** Whether values under this key are secrets; the last segment of a dotted or camelCase key decides. */
  isSecretKey(key: string): boolean;
}

export interface Inspection {
  readonly finds: readonly Find[];
  /** What each find is replaced by. */
  readonly replacements: readonly string[];
}

type SearchedField = Pick<Field, "key" | "words">;

/** The shortest secret is an address such as a@b.co. */
const TEXT_LENGTH_MIN = 6;
const SCRATCH_BYTES = 1 << 16;
/** Room after the text: for the zero byte at its end, and so that no look ahead leaves the array. */
const PADDING_BYTES = 128;

/**
 * Makes the mask of one tenant. All rules are on unless switched off.
 *
 * - email, payment_card, iban, phone and national_id become pseudonyms, `<email:` `<card:` `<iban:` `<phone:`
 *   `<national_id:` + 16 hex digits + `>`, made from the normalised value with a key derived from `key` for this tenant;
 * - jwt becomes `<jwt>`; bearer and basic credentials, passwords in URLs, values of secret keys, keys of clouds and
 *   private keys become `<secret>`, and the word before them stays.
 *
 * Not detected: addresses at a host without a dot (`root@web-1`) or at an IP address, quoted local parts, the part of a
 * local part before an apostrophe; `git@host:path` is taken for a remote, and a domain that ends like a file
 * (`icon@2x.png`) for a file; card numbers glued to letters, "-", "_" or ".", in unusual groups, without a known
 * issuer, bare ones that a key or the word before calls an identifier (`order_id=`), and bare ones of 13 digits without a word for cards; IBANs grouped in any way but
 * fours; tokens whose JSON header begins with a space or is cut before its second dot; secrets that stand under no
 * key (`--password x`, `<password>x</password>`, a password alone on its line), in objects under a secret key unless
 * their own keys are secret, and further parameters of Digest and AWS signatures; anything escaped more than twice,
 * compressed or in base64; phone numbers without a country code that no word announces, but North American ones in
 * groups; national ids of weak checks without a word for them in the 40 bytes before; keys of storage accounts without
 * their key name, and cloud keys without a mark; lines of a private key on their own but the first; names, postal
 * addresses and IP addresses.
 */
export function createMask(options: {
  key: Uint8Array;
  tenant: string;
  rules?: Partial<Record<RuleName, boolean>>;
  patterns?: readonly Pattern[];
  fields?: FieldRules;
  /** SHA-256 of the digits of pseudonyms that are not to be stored any more; null = none. */
  erased?: ReadonlySet<string> | null;
}): Mask {
  const { patterns = [], fields = NO_FIELD_RULES } = options;
  const rules = Object.fromEntries(RULE_NAMES.map((name) => [name, options.rules?.[name] ?? true])) as Rules;
  const pseudonym = createPseudonym(options.key, options.tenant, options.erased ?? null);
  const kindOf = createKeyKind();
  const fieldOf = createFieldOf({ rules: fields, patterns, kindOf: rules.secret_value ? kindOf : null });
  const hasDenied = fields.deny.length > 0;
  const attributesDenied = fields.deny.filter((name) => name.startsWith(ATTRIBUTES)).map(attributeOf);
  const denied = hasDenied
    ? deniedKeysOf([...attributesDenied.map((key) => [key, key] as const), ...fields.denyKeys])
    : null;
  const allowedKeys = new Set(fields.allow.filter((name) => name.startsWith(ATTRIBUTES)).map(attributeOf));
  const buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES + PADDING_BYTES);
  const scratch = new Uint8Array(buffer.buffer);
  const scratchView = new DataView(buffer.buffer);
  const scan = new Scan(scratch);
  // Of a text that is no field's value, such as a kept line.
  const whole: Field = { key: "", words: "", treatment: "masked", kind: "", patterns };

  function findIn(text: string, { key, words }: SearchedField, wanted: readonly Pattern[]): readonly Find[] | null {
    const length = text.length;
    let finds: readonly Find[] | null = null;
    if (length >= TEXT_LENGTH_MIN || denied !== null) {
      if (length <= SCRATCH_BYTES) {
        buffer.latin1Write(text, 0);
        scan.bytes = scratch;
      } else {
        const large = Buffer.allocUnsafeSlow(length + PADDING_BYTES);
        large.latin1Write(text, 0);
        scan.bytes = new Uint8Array(large.buffer);
      }
      scan.begin(text, 0, length, words);
      // What a layout holds after a key is a slot.
      finds = scanText(scan, rules, kindOf, key === LAYOUT ? null : denied);
      scan.end();
      scan.bytes = scratch;
    }
    for (const pattern of wanted) {
      const more = pattern.findAll(text);
      if (more.length > 0) finds = mergeFinds(finds ?? [], wholeTokens(text, more));
    }
    if (finds !== null && key === "" && allowedKeys.size > 0)
      finds = finds.filter(({ begin }) => !isAllowedAt(text, begin));
    return finds;
  }

  /** Whether the key before a value in a line is that of an allowed attribute. */
  function isAllowedAt(text: string, begin: number): boolean {
    const key = /([\w.-]+)["'\\]{0,4}\s{0,2}[:=]\s{0,2}["'\\]{0,4}$/.exec(
      text.slice(Math.max(0, begin - 80), begin),
    )?.[1];
    if (key === undefined) return false;
    for (const allowed of allowedKeys) if (allowed === key || allowed.endsWith(`.${key}`)) return true;
    return false;
  }

  function replacementOf({ kind, value, isQuoted = false }: Find): string {
    if (kind === "replacement") return value;
    return isQuoted ? `"${pseudonym(kind, value)}"` : pseudonym(kind, value);
  }

  function replaced(text: string, finds: readonly Find[] | null): string {
    if (finds === null) return text;
    let out = "";
    let done = 0;
    for (const find of finds) {
      out += text.slice(done, find.begin) + replacementOf(find);
      done = find.end;
    }
    return out + text.slice(done);
  }

  function wholeFind(field: Field, value: string): Find | null {
    const { treatment, kind } = field;
    const all = { begin: 0, end: value.length, isSupported: true };
    if (treatment === "secret") return { ...all, rule: "secret_value", kind: "replacement", value: "<secret>" };
    return treatment === "denied" ? { ...all, rule: kind, kind, value } : null;
  }

  function findsOf(field: Field, value: string): readonly Find[] | null {
    if (value === "" || field.treatment === "allowed") return null;
    const all = wholeFind(field, value);
    return all === null ? findIn(value, field, field.patterns) : [all];
  }

  function maskedValue(field: Field, value: string): string {
    return replaced(value, findsOf(field, value));
  }

  /** As `maskedValue`, for nearly all values without making a string. */
  function maskedSpan(field: Field, window: ByteWindow, text: string, begin: number, end: number): string | null {
    const length = end - begin;
    const isSearched =
      field.treatment === "masked" && field.key !== "" && field.patterns.length === 0 && denied === null;
    if (isSearched && length < TEXT_LENGTH_MIN) return null;
    const at = isSearched && length <= SCRATCH_BYTES ? window.reach(begin, end) : -1;
    if (at < 0) {
      const value = text.slice(begin, end);
      const masked = maskedValue(field, value);
      return masked === value ? null : masked;
    }
    const { view } = window;
    for (let i = 0; i < length; i += 4) scratchView.setInt32(i, view.getInt32(at + i, true), true);
    scan.begin(text, begin, length, field.words);
    const finds = scanText(scan, rules, kindOf);
    scan.end();
    if (finds === null) return null;
    return replaced(text.slice(begin, end), finds);
  }

  return {
    fieldOf,
    valueOf: maskedValue,
    spanOf: maskedSpan,
    hasDenied,
    chance: scan.chance,
    isSecretKey: (key) => rules.secret_value && kindOf(key) !== PLAIN,
    text: (value) => maskedValue(whole, value),
    value: (key, value) => maskedValue(fieldOf(key, true), value),
    userAgent(field, value) {
      const finds = findsOf(field, value);
      return finds === null
        ? value
        : replaced(
            value,
            finds.filter((find) => !isRole(find)),
          );
    },
    inspect(field, value) {
      const all = findsOf(field, value) ?? [];
      const finds = field.key === USER_AGENT ? all.filter((find) => !isRole(find)) : all;
      return { finds, replacements: finds.map(replacementOf) };
    },
    digestsOf(value) {
      const texts = [value, ...(findIn(value, whole, []) ?? []).map((find) => find.value)];
      for (const key of ["phone", "national_id ssn nino dni nir steuer pesel bsn cpf personnummer hetu"]) {
        const [find] = findIn(value, { key, words: wordsOf(key) }, []) ?? [];
        if (find !== undefined && find.kind !== "replacement") texts.push(find.value);
      }
      const plain = createPseudonym(options.key, options.tenant, null);
      return [...new Set(texts.map((text) => plain("x", text).slice(3, -1)))];
    },
  };
}

function isRole(find: Find): boolean {
  return find.rule === "email" && isRoleAddress(find.value);
}

const ATTRIBUTES = "attributes.";
const USER_AGENT = "user_agent_original";
const LAYOUT = "line_layout";

function attributeOf(name: string): string {
  return name.slice(ATTRIBUTES.length);
}

/** What a pattern found, made larger where it would cut what masking left in the text, and nothing inside of that. */
function wholeTokens(text: string, finds: readonly Find[]): readonly Find[] {
  const tokens = [...text.matchAll(/<(?:secret|jwt|[a-z][a-z_]{0,31}:(?:[0-9a-f]{16}|withheld))>/g)];
  if (tokens.length === 0) return finds;
  return finds.flatMap((find) => {
    let { begin, end } = find;
    for (const { index, 0: token } of tokens) {
      const tokenEnd = index + token.length;
      if (begin >= index && end <= tokenEnd) return [];
      if (begin < tokenEnd && end > index) {
        begin = Math.min(begin, index);
        end = Math.max(end, tokenEnd);
      }
    }
    return [{ ...find, begin, end, value: find.kind === "replacement" ? find.value : text.slice(begin, end) }];
  });
}
