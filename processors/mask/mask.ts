import type { Find, Scan } from "./characters.ts";
import { isRoleAddress } from "./contact.ts";
import { createPseudonym } from "./pseudonym.ts";
import { RULE_NAMES, type RuleName, type Rules, scanText } from "./scan.ts";
import { createKeyKind, PLAIN } from "./secret-key.ts";

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
  /** A user agent: as `text`, but a crawler's contact address (a role's, see contact.ts) stays. */
  userAgent(value: string): string;
  /** Whether values under this key are secrets; the last segment of a dotted or camelCase key decides. */
  isSecretKey(key: string): boolean;
}

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
 * issuer, and bare ones that a key or the word before calls an identifier (`order_id=`); IBANs grouped in any way but
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
}): Mask {
  const rules = Object.fromEntries(RULE_NAMES.map((name) => [name, options.rules?.[name] ?? true])) as Rules;
  const pseudonym = createPseudonym(options.key, options.tenant);
  const kindOf = createKeyKind();
  const buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES + PADDING_BYTES);
  const scan: Scan = { text: "", bytes: new Uint8Array(buffer.buffer), length: 0, floor: 0, key: "" };
  const scratch = scan.bytes;

  function masked(text: string, key: string, keepsContacts = false): string {
    const length = text.length;
    if (length < TEXT_LENGTH_MIN) return text;
    if (length <= SCRATCH_BYTES) {
      buffer.latin1Write(text, 0);
      scan.bytes = scratch;
    } else {
      const large = Buffer.allocUnsafeSlow(length + PADDING_BYTES);
      large.latin1Write(text, 0);
      scan.bytes = new Uint8Array(large.buffer);
    }
    scan.bytes[length] = 0;
    scan.text = text;
    scan.length = length;
    scan.floor = 0;
    scan.key = key;
    let finds = scanText(scan, rules, kindOf);
    if (finds !== null && keepsContacts)
      finds = finds.filter(({ kind, value }) => kind !== "email" || !isRoleAddress(value));
    scan.text = "";
    scan.bytes = scratch;
    return finds === null ? text : replaced(text, finds);
  }

  function replaced(text: string, finds: readonly Find[]): string {
    let out = "";
    let done = 0;
    for (const { begin, end, kind, value } of finds) {
      out += text.slice(done, begin) + (kind === "replacement" ? value : pseudonym(kind, value));
      done = end;
    }
    return out + text.slice(done);
  }

  function isSecretKey(key: string): boolean {
    return rules.secret_value && kindOf(key) !== PLAIN;
  }

  return {
    isSecretKey,
    text: (value) => masked(value, ""),
    userAgent: (value) => masked(value, "", true),
    value: (key, value) => (value !== "" && isSecretKey(key) ? "<secret>" : masked(value, key)),
  };
}
