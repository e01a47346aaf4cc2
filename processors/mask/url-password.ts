import { AT, BACKSLASH, COLON, type Find, type Scan, SLASH, secretFind } from "./characters.ts";

/** Bytes that end the authority of a URL (RFC 3986, section 3.2), or the URL itself in the text around it. */
const ENDS = new Uint8Array(256);
for (let c = 0; c <= 0x20; c++) ENDS[c] = 1;
for (const char of "/?#\"'<>`\\") ENDS[char.charCodeAt(0)] = 1;

/**
 * The password in `scheme://user:password@host` whose colon is at `colon`; slashes may be written "\/".
 * The user's name stays. Several "@" in the authority: the last one counts, so a password with a bare "@" is covered.
 */
export function urlPasswordAt(scan: Scan, colon: number): Find | null {
  const { bytes } = scan;
  let i = colon + 1;
  for (let slashes = 0; slashes < 2; slashes++) {
    if (bytes[i] === BACKSLASH) i++;
    if (bytes[i++] !== SLASH) return null;
  }
  let begin = -1;
  let end = -1;
  for (; ENDS[bytes[i]] === 0; i++) {
    if (bytes[i] === COLON && begin < 0) begin = i + 1;
    else if (bytes[i] === AT && begin >= 0) end = i;
  }
  return begin >= 0 && end > begin ? secretFind("url_password", begin, end) : null;
}
