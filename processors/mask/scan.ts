import { basicAt, bearerAt, jwtAt } from "./authorization.ts";
import {
  ALNUM,
  AT,
  BACKSLASH,
  CLASSES,
  COLON,
  DASH,
  DIGIT,
  DOT,
  EQUALS,
  type Find,
  hexAt,
  LESS,
  LETTER,
  PERCENT,
  PLUS,
  type Scan,
  SLASH,
  UNDERSCORE,
} from "./characters.ts";
import { azureSignatureAt, capitalKeyAt, isMarkTail, markedKeyAt, sendGridKeyAt } from "./cloud-key.ts";
import { type DeniedKeys, deniedAt } from "./denied.ts";
import { emailAt } from "./email.ts";
import { ibanAt } from "./iban.ts";
import { nationalIdAt } from "./national-id.ts";
import { ownTokenEnd } from "./own-token.ts";
import { cardAt } from "./payment-card.ts";
import { internationalPhoneAt, nationalPhoneAt } from "./phone.ts";
import { bareKeyAt, bareSshKeyAt, pemAt } from "./private-key.ts";
import { secretAt } from "./secret.ts";
import type { KeyKind } from "./secret-key.ts";
import { urlPasswordAt } from "./url-password.ts";

export const RULE_NAMES = [
  "email",
  "payment_card",
  "iban",
  "phone",
  "national_id",
  "jwt",
  "bearer",
  "basic",
  "url_password",
  "secret_value",
  "cloud_key",
  "private_key",
] as const;
export type RuleName = (typeof RULE_NAMES)[number];
export type Rules = Readonly<Record<RuleName, boolean>>;

const ON_DIGIT = 1;
const ON_SEPARATOR = 2;
const ON_AT = 3;
const ON_ESCAPE = 4;
const ON_J = 5;
const ON_B = 6;
const ON_TOKEN = 7;
const ON_ZERO = 8;
const ON_PLUS = 9;
const ON_MARK = 10;

/** Which detectors a byte may wake. All other bytes are passed over. */
const TRIGGERS = new Uint8Array(256);
for (let c = 0x30; c <= 0x39; c++) TRIGGERS[c] = ON_DIGIT;
TRIGGERS[EQUALS] = TRIGGERS[COLON] = ON_SEPARATOR;
TRIGGERS[AT] = ON_AT;
TRIGGERS[PERCENT] = TRIGGERS[BACKSLASH] = ON_ESCAPE;
TRIGGERS[0x4a] = ON_J;
TRIGGERS[0x42] = TRIGGERS[0x62] = ON_B;
TRIGGERS[LESS] = ON_TOKEN;
TRIGGERS[PLUS] = ON_PLUS;
TRIGGERS[DASH] = TRIGGERS[UNDERSCORE] = ON_MARK;
for (const char of "ASM") TRIGGERS[char.charCodeAt(0)] = ON_MARK;
TRIGGERS[0] = ON_ZERO;

/**
 * Everything to replace, in the order of the text, without overlap; null if there is nothing.
 *
 * One pass from left to right. A detector is woken by one byte, looks back no further than `floor` and a fixed number
 * of bytes, and ahead over what it takes or a fixed number of bytes, so the work is linear in the text.
 */
export function scanText(
  scan: Scan,
  rules: Rules,
  kindOf: (key: string) => KeyKind,
  denied: DeniedKeys | null = null,
): Find[] | null {
  const { bytes, length } = scan;
  let finds: Find[] | null = null;
  let password: Find | null = null;
  let i = 0;
  for (;;) {
    let trigger = TRIGGERS[bytes[i]];
    while (trigger === 0) trigger = TRIGGERS[bytes[++i]];
    if (trigger === ON_MARK && !mayMark(bytes, i)) {
      i++;
      continue;
    }
    let next = i + 1;
    let find: Find | null = null;
    // Called from one place: were they made part of this loop, it would be twice as slow.
    let rare: ((scan: Scan, rules: Rules, at: number, next: number) => Find | null) | null = null;
    if (password !== null && password.begin <= i) password = null;
    switch (trigger) {
      case ON_ZERO:
        if (i >= length) return finds;
        break;
      case ON_DIGIT: {
        while ((CLASSES[bytes[next]] & DIGIT) !== 0) next++;
        if (next - i >= 2 && i - 2 >= scan.floor && (CLASSES[bytes[i - 1]] & CLASSES[bytes[i - 2]] & LETTER) !== 0) {
          if (rules.iban) find = ibanAt(scan, i);
        }
        if (find === null && (next - i >= 13 || next - i === 4) && rules.payment_card) find = cardAt(scan, i, next);
        if (find === null && next - i <= RUN_MAX && ((WAKES[bytes[next]] >> (next - i)) & 1) === 1) rare = identityAt;
        else if (bytes[next] === DASH && bytes[next + 1] !== DASH) next++;
        break;
      }
      case ON_SEPARATOR: {
        const isColon = bytes[i] === COLON;
        if (isColon && (bytes[next] === SLASH || bytes[next] === BACKSLASH)) {
          if (rules.url_password && password === null) password = urlPasswordAt(scan, i);
        }
        if (denied !== null) find = deniedAt(scan, i, next, denied);
        if (find !== null) break;
        if (password?.begin === next) find = password;
        else if (rules.secret_value) find = secretAt(scan, i, next, isColon, kindOf);
        if (find === null && !isColon && rules.cloud_key) find = azureSignatureAt(scan, i);
        break;
      }
      case ON_AT:
        if (rules.email) find = emailAt(scan, i, next);
        break;
      case ON_ESCAPE: {
        const code = escapedCode(bytes, i);
        if (code < 0) break;
        next = i + (bytes[i] === BACKSLASH ? 6 : 3);
        if (code === PERCENT && bytes[next] === 0x34 && bytes[next + 1] === 0x30) {
          next += 2;
          if (rules.email) find = emailAt(scan, i, next);
        } else if (code === AT) {
          if (rules.email) find = emailAt(scan, i, next);
        } else if (code === EQUALS || code === COLON) {
          if (denied !== null) find = deniedAt(scan, i, next, denied);
          if (find === null && rules.secret_value) find = secretAt(scan, i, next, code === COLON, kindOf);
        } else if (code === PLUS && rules.phone) find = internationalPhoneAt(scan, i, next);
        break;
      }
      case ON_J:
        if (rules.jwt && i >= 2) find = jwtAt(scan, i);
        break;
      case ON_B:
        if ((bytes[next] | 0x20) === 0x65) {
          if (rules.bearer) find = bearerAt(scan, i);
        } else if ((bytes[next] | 0x20) === 0x61 && rules.basic) find = basicAt(scan, i);
        else if (bytes[next] === 0x33 && rules.private_key) find = bareSshKeyAt(scan, i);
        break;
      case ON_TOKEN: {
        const end = (CLASSES[bytes[next]] & ALNUM) === 0 ? i : ownTokenEnd(scan, i);
        if (end > i) scan.floor = next = end;
        break;
      }
      case ON_PLUS:
        rare = plusAt;
        break;
      default:
        rare = markedAt;
    }
    if (rare !== null) find = rare(scan, rules, i, next);
    if (find === null) {
      i = next;
      continue;
    }
    finds ??= [];
    finds.push(find);
    i = scan.floor = find.end;
  }
}

/** Whether a byte of ON_MARK may be where a key begins, by its neighbours. */
function mayMark(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1];
  switch (bytes[at]) {
    case DASH:
      return next === DASH || (at >= 2 && isMarkTail(bytes[at - 2], bytes[at - 1], DASH));
    case UNDERSCORE:
      return at >= 2 && isMarkTail(bytes[at - 2], bytes[at - 1], UNDERSCORE);
    case 0x41:
      return bytes[at + 2] === 0x49 || next === 0x49;
    case 0x53:
      return next === 0x47 && bytes[at + 2] === DOT;
    default:
      return next === 0x49 || next === 0x48 || next === 0x43 || next === 0x46;
  }
}

/** Keys of clouds and private keys, by what they begin with. */
function markedAt(scan: Scan, rules: Rules, at: number): Find | null {
  const { bytes } = scan;
  switch (bytes[at]) {
    case DASH:
      if (bytes[at + 1] === DASH) return rules.private_key ? pemAt(scan, at) : null;
      return rules.cloud_key ? markedKeyAt(scan, at) : null;
    case UNDERSCORE:
      return rules.cloud_key ? markedKeyAt(scan, at) : null;
    case 0x41:
      return rules.cloud_key ? capitalKeyAt(scan, at) : null;
    case 0x53:
      return rules.cloud_key ? sendGridKeyAt(scan, at) : null;
    default:
      return rules.private_key ? bareKeyAt(scan, at) : null;
  }
}

const RUN_MAX = 15;

/**
 * Bit n of WAKES[byte after a run of n digits]: an id or a phone number may begin with that run. Letters follow the runs
 * of codice fiscale, NINO, NIE and DNI.
 */
const WAKES = new Uint16Array(256).fill(0b1111_1111_1000_0000);
for (let c = 0; c < 256; c++) if ((CLASSES[c] & LETTER) !== 0) WAKES[c] = 0b1_1100_0100;
for (const char of " +%") WAKES[char.charCodeAt(0)] |= 0b111_1110;
for (const char of "-./)") WAKES[char.charCodeAt(0)] |= 0b111_1100;
WAKES[COLON] = 0;

function plusAt(scan: Scan, rules: Rules, at: number, next: number): Find | null {
  return rules.phone ? internationalPhoneAt(scan, at, next) : null;
}

function areLetters(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let i = end - 1; i >= begin; i--) if ((CLASSES[bytes[i]] & LETTER) === 0) return false;
  return true;
}

function identityAt(scan: Scan, rules: Rules, begin: number, end: number): Find | null {
  const { bytes } = scan;
  const after = bytes[end];
  const run = end - begin;
  const before = begin > 0 ? bytes[begin - 1] : 0;
  // The next part of an address, a date or a version; X-1234567-L is a NIE.
  if ((before === DOT || before === DASH) && run !== 7) return null;
  const isInWord = begin > 0 && (CLASSES[bytes[begin - 1]] & LETTER) !== 0;
  if ((CLASSES[after] & LETTER) !== 0) {
    // Letters before these digits, too, or it is the middle of a hash.
    if (run === 2 && !(begin >= 6 && areLetters(bytes, begin - 6, begin))) return null;
    if (isInWord && run === 8) return null;
  } else if (run < 7) {
    if (isInWord) return null;
    const next = bytes[end + 1];
    if ((CLASSES[next] & DIGIT) === 0 && after !== PERCENT && after !== 0x29 && next !== 0x28) return null;
    // A date.
    if (run === 4 && after === DASH && bytes[end + 3] === DASH) return null;
  }
  const id = rules.national_id ? nationalIdAt(scan, begin, end) : null;
  return id === null && run >= 2 && rules.phone ? nationalPhoneAt(scan, begin, end) : id;
}

/** The character that "%3D" or "\u003d" at `at` stands for; -1 if no such escape is there. */
function escapedCode(bytes: Uint8Array, at: number): number {
  if (bytes[at] === PERCENT) return hexAt(bytes, at + 1, at + 3);
  return bytes[at + 1] === 0x75 ? hexAt(bytes, at + 2, at + 6) : -1;
}
