import {
  BACKSLASH,
  blankAt,
  CLASSES,
  COLON,
  DASH,
  DOT,
  EQUALS,
  type Find,
  hasWordAt,
  isFreeBefore,
  LESS,
  type Scan,
  SLASH,
  secretFind,
  TOKEN68,
  UNDERSCORE,
  WORD,
} from "./characters.ts";
import { ownTokenEnd } from "./own-token.ts";
import { isTokenLike } from "./token-like.ts";

const HEADER_BYTES_MAX = 4096;
const PARTS_MAX = 5;

/** Value of each character of base64 and base64url; 255 = none. */
const BASE64 = new Uint8Array(256).fill(255);
for (const alphabet of ["+/", "-_"]) {
  const chars = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${alphabet}`;
  for (let i = 0; i < chars.length; i++) BASE64[chars.charCodeAt(i)] = i;
}

/**
 * The token of RFC 7519 (or its encrypted form of five parts, RFC 7516) around a "J" at `at`: a base64url header that
 * starts with "eyJ" and decodes to a JSON object with "alg", then at least two more parts, which may be empty.
 */
export function jwtAt(scan: Scan, at: number): Find | null {
  const { bytes } = scan;
  const begin = at - 2;
  if (begin < scan.floor || bytes[begin] !== 0x65 || bytes[begin + 1] !== 0x79) return null;
  if (!isFreeBefore(scan, begin) || (begin > scan.floor && bytes[begin - 1] === DASH)) return null;
  const header = partEnd(bytes, begin);
  if (bytes[header] !== DOT || header - begin > HEADER_BYTES_MAX) return null;
  let end = partEnd(bytes, header + 1);
  if (bytes[end] !== DOT || !isJwtHeader(scan.text.slice(begin, header))) return null;
  for (let part = 2; part < PARTS_MAX && bytes[end] === DOT; part++) {
    const next = partEnd(bytes, end + 1);
    if (part > 2 && next === end + 1) break;
    end = next;
  }
  return { begin, end, rule: "jwt", kind: "replacement", value: "<jwt>" };
}

function partEnd(bytes: Uint8Array, begin: number): number {
  let end = begin;
  while ((CLASSES[bytes[end]] & WORD) !== 0) end++;
  return end;
}

function isJwtHeader(base64: string): boolean {
  if (base64.length < 14) return false;
  const json = Buffer.from(base64, "base64url").latin1Slice().trimEnd();
  return json.startsWith("{") && json.endsWith("}") && /"alg"\s{0,8}:/.test(json);
}

/** The credential after a word "Bearer" at `at`; "bearer token expired" is left alone. */
export function bearerAt(scan: Scan, at: number): Find | null {
  const begin = credentialBegin(scan, at, "bearer");
  if (begin < 0) return null;
  const end = credentialEnd(scan, begin);
  return isTokenLike(scan.bytes, begin, end) ? secretFind("bearer", begin, end) : null;
}

/** The credential after a word "Basic" at `at` (RFC 7617): base64 of printable text with a colon. */
export function basicAt(scan: Scan, at: number): Find | null {
  const begin = credentialBegin(scan, at, "basic");
  if (begin < 0) return null;
  const end = credentialEnd(scan, begin);
  return isUserAndPassword(scan.bytes, begin, end) ? secretFind("basic", begin, end) : null;
}

/** Whether base64 stands for printable bytes with a colon among them. Stops at the first byte that isn't printable. */
function isUserAndPassword(bytes: Uint8Array, begin: number, end: number): boolean {
  let bits = 0;
  let held = 0;
  let hasColon = false;
  for (let i = begin; i < end && bytes[i] !== EQUALS; i++) {
    const sextet = BASE64[bytes[i]];
    if (sextet === 255) continue;
    bits = ((bits << 6) | sextet) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    const byte = (bits >> held) & 0xff;
    if (byte < 0x20 || byte === 0x7f) return false;
    if (byte === COLON) hasColon = true;
  }
  return hasColon;
}

function credentialBegin(scan: Scan, at: number, scheme: string): number {
  const { bytes } = scan;
  if (!hasWordAt(bytes, at, scheme) || !isFreeBefore(scan, at)) return -1;
  if (at > scan.floor && (bytes[at - 1] === DASH || bytes[at - 1] === UNDERSCORE)) return -1;
  let begin = at + scheme.length;
  for (let blanks = 0; blanks < 4; blanks++) begin += blankAt(bytes, begin);
  return begin === at + scheme.length ? -1 : begin;
}

/** End of the credential; `begin` if what was masked after it had been a part of it. */
function credentialEnd(scan: Scan, begin: number): number {
  const { bytes } = scan;
  let end = begin;
  while ((CLASSES[bytes[end]] & TOKEN68) !== 0 || (bytes[end] === BACKSLASH && bytes[end + 1] === SLASH)) end++;
  return bytes[end] === LESS && ownTokenEnd(scan, end) > end ? begin : end;
}
