import { basicAt, bearerAt, jwtAt } from "./authorization.ts";
import {
  ALNUM,
  AT,
  BACKSLASH,
  CLASSES,
  COLON,
  DIGIT,
  EQUALS,
  type Find,
  hexAt,
  LESS,
  LETTER,
  PERCENT,
  type Scan,
  SLASH,
} from "./characters.ts";
import { emailAt } from "./email.ts";
import { ibanAt } from "./iban.ts";
import { ownTokenEnd } from "./own-token.ts";
import { cardAt } from "./payment-card.ts";
import { secretAt } from "./secret.ts";
import type { KeyKind } from "./secret-key.ts";
import { urlPasswordAt } from "./url-password.ts";

export const RULE_NAMES = [
  "email",
  "payment_card",
  "iban",
  "jwt",
  "bearer",
  "basic",
  "url_password",
  "secret_value",
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

/** Which detectors a byte may wake. All other bytes are passed over. */
const TRIGGERS = new Uint8Array(256);
for (let c = 0x30; c <= 0x39; c++) TRIGGERS[c] = ON_DIGIT;
TRIGGERS[EQUALS] = TRIGGERS[COLON] = ON_SEPARATOR;
TRIGGERS[AT] = ON_AT;
TRIGGERS[PERCENT] = TRIGGERS[BACKSLASH] = ON_ESCAPE;
TRIGGERS[0x4a] = ON_J;
TRIGGERS[0x42] = TRIGGERS[0x62] = ON_B;
TRIGGERS[LESS] = ON_TOKEN;
TRIGGERS[0] = ON_ZERO;

/**
 * Everything to replace, in the order of the text, without overlap; null if there is nothing.
 *
 * One pass from left to right. A detector is woken by one byte, looks back no further than `floor` and a fixed number
 * of bytes, and ahead over what it takes or a fixed number of bytes, so the work is linear in the text.
 */
export function scanText(scan: Scan, rules: Rules, kindOf: (key: string) => KeyKind): Find[] | null {
  const { bytes, length } = scan;
  let finds: Find[] | null = null;
  let password: Find | null = null;
  let i = 0;
  for (;;) {
    let trigger = TRIGGERS[bytes[i]];
    while (trigger === 0) trigger = TRIGGERS[bytes[++i]];
    let next = i + 1;
    let find: Find | null = null;
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
        break;
      }
      case ON_SEPARATOR: {
        const isColon = bytes[i] === COLON;
        if (isColon && (bytes[next] === SLASH || bytes[next] === BACKSLASH)) {
          if (rules.url_password && password === null) password = urlPasswordAt(scan, i);
        }
        if (password?.begin === next) find = password;
        else if (rules.secret_value) find = secretAt(scan, i, next, isColon, kindOf);
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
          if (rules.secret_value) find = secretAt(scan, i, next, code === COLON, kindOf);
        }
        break;
      }
      case ON_J:
        if (rules.jwt && i >= 2) find = jwtAt(scan, i);
        break;
      case ON_B:
        if ((bytes[next] | 0x20) === 0x65) {
          if (rules.bearer) find = bearerAt(scan, i);
        } else if ((bytes[next] | 0x20) === 0x61 && rules.basic) find = basicAt(scan, i);
        break;
      case ON_TOKEN: {
        const end = (CLASSES[bytes[next]] & ALNUM) === 0 ? i : ownTokenEnd(scan, i);
        if (end > i) scan.floor = next = end;
        break;
      }
    }
    if (find === null) {
      i = next;
      continue;
    }
    finds ??= [];
    finds.push(find);
    i = scan.floor = find.end;
  }
}

/** The character that "%3D" or "\u003d" at `at` stands for; -1 if no such escape is there. */
function escapedCode(bytes: Uint8Array, at: number): number {
  if (bytes[at] === PERCENT) return hexAt(bytes, at + 1, at + 3);
  return bytes[at + 1] === 0x75 ? hexAt(bytes, at + 2, at + 6) : -1;
}
