import {
  ALNUM,
  BACKSLASH,
  CLASSES,
  COLON,
  COMMA,
  DASH,
  DOT,
  EQUALS,
  type Find,
  isFreeBefore,
  PERCENT,
  PLUS,
  type Scan,
  SLASH,
  secretFind,
} from "./characters.ts";

const HEADER_BYTES_MAX = 64;
const BODY_BYTES_MIN = 40;

/** Bytes of a PEM block between its first line and its last: base64, line ends (also escaped), and header fields. */
const BODY = new Uint8Array(256);
for (let c = 0; c < 128; c++) if ((CLASSES[c] & ALNUM) !== 0) BODY[c] = 1;
for (const c of [PLUS, SLASH, EQUALS, BACKSLASH, PERCENT, DASH, COLON, COMMA, DOT, 0x20, 0x09, 0x0a, 0x0d]) BODY[c] = 1;

/**
 * A private key in PEM from its first dash on, with real line ends or escaped ones, up to its last line; to the end of
 * what may belong to it where the last line was cut off. Certificates and public keys stay.
 */
export function pemAt(scan: Scan, at: number): Find | null {
  const { bytes } = scan;
  if (!isFence(bytes, at)) return null;
  const label = isWritten(bytes, at + 5, "BEGIN ") ? at + 11 : isWritten(bytes, at + 5, "BEGIN%20") ? at + 13 : -1;
  if (label < 0) return null;
  let end = label;
  while (bytes[end] !== DASH && BODY[bytes[end]] === 1 && end - label < HEADER_BYTES_MAX) end++;
  if (!/PRIVATE(?: |%20|\+)KEY/.test(scan.text.slice(label, end))) return null;
  if (isFence(bytes, end)) end += 5;
  while (BODY[bytes[end]] === 1) {
    if (bytes[end] === DASH && isFence(bytes, end)) {
      if (isWritten(bytes, end + 5, "END")) return secretFind("private_key", at, fenceEnd(bytes, end + 5));
      if (isWritten(bytes, end + 5, "BEGIN")) break;
      end += 5;
    } else end++;
  }
  while (bytes[end - 1] <= 0x20) end--;
  return secretFind("private_key", at, Math.min(end, scan.length));
}

/** End of the five dashes that close the last line; of the label where they were cut off. */
function fenceEnd(bytes: Uint8Array, label: number): number {
  let end = label;
  while (bytes[end] !== DASH && BODY[bytes[end]] === 1 && end - label < HEADER_BYTES_MAX) end++;
  while (bytes[end] === DASH) end++;
  return end;
}

/** How the base64 of a private key begins, where the first line of its PEM block is missing: PKCS #1, PKCS #8, SEC 1. */
const DER =
  /^(?:MII[A-Za-z0-9+/]{3}IBAAK|MI[GI][A-Za-z0-9+/]{1,3}(?:IBADA[NQ]|gEAMB)|M(?:HcCAQEEI|IGkAgEBBD|IHcAgEBBE)|M[CF][4M]?CAQAwBQYDK2V)/;

/** A private key's base64 from its "M" on; the line before it was cut off. */
export function bareKeyAt(scan: Scan, at: number): Find | null {
  const { bytes, text } = scan;
  const c = bytes[at + 1];
  if (c !== 0x49 && c !== 0x48 && c !== 0x43 && c !== 0x46) return null;
  if (!DER.test(text.slice(at, at + 16)) || !isFreeBefore(scan, at)) return null;
  return bodyFind(scan, at);
}

/** The same of OpenSSH's own format, from its "b" on. */
export function bareSshKeyAt(scan: Scan, at: number): Find | null {
  return isWritten(scan.bytes, at, "b3BlbnNzaC1rZXktdjE") && isFreeBefore(scan, at) ? bodyFind(scan, at) : null;
}

function bodyFind(scan: Scan, at: number): Find | null {
  const { bytes } = scan;
  let end = at;
  while (BODY[bytes[end]] === 1 && bytes[end] !== 0x20) end++;
  while (bytes[end - 1] <= 0x20) end--;
  return end - at >= BODY_BYTES_MIN ? secretFind("private_key", at, Math.min(end, scan.length)) : null;
}

function isFence(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 5; i++) if (bytes[i] !== DASH) return false;
  return true;
}

function isWritten(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
