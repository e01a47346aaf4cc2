/** What a byte is in a message. All others are marks: they stay, and they separate words. */
export const MARK = 0;
export const SPACE = 1;
/** Letters, `_`, `$` and all bytes beyond ASCII. */
export const LETTER = 2;
export const DIGIT = 3;
/** Holds words together: host names, paths, dates, ids. */
export const GLUE = 4;

export const KINDS: Readonly<Uint8Array> = tableOf((char, code) => {
  if (code <= 0x20 || code === 0x7f) return SPACE;
  if (char >= "0" && char <= "9") return DIGIT;
  if (code >= 0x80 || /[A-Za-z_$]/.test(char)) return LETTER;
  return ".-+@/\\".includes(char) ? GLUE : MARK;
});

/** A table of one number (0..255) per byte. */
export function tableOf(numberOf: (char: string, code: number) => number | boolean): Readonly<Uint8Array> {
  return Uint8Array.from({ length: 256 }, (_, code) => Number(numberOf(String.fromCharCode(code), code)));
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

export function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

export function isAlphabetic(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}

export function isHexDigit(byte: number): boolean {
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** Does `word` (ASCII) stand at this place? */
export function standsAt(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}
