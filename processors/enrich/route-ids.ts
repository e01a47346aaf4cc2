const PSEUDONYM = /<(?:[a-z_]+:[0-9A-Za-z_-]{8,128}|jwt|secret)>/y;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])/iy;
const HEX_ID = /^(?:0x[0-9a-f]{4,}|(?=[a-f]*[0-9])[0-9a-f]{8,})$/i;
const CONTROL = /[\x00-\x1f\x7f]/;
/** A number, a date, an address, a pair of coordinates. */
const NUMBERS = /^[-+]?\d[\d.,:_+-]*$/;
/** `1.2` or `3.6.0`, a version: it stands for a place, not for a thing. */
const SHORT_VERSION = /^\d{1,2}\.\d{1,2}(?:\.\d{1,2})?$/;
const FILE_ENDING = /\.[a-z]/iy;
const DIGITS_MIN = 5;
const TOKEN_BYTES_MIN = 5;
const MIXED_TOKEN_BYTES_MIN = 10;
const LONG_TOKEN_BYTES_MIN = 20;
/** Behind and before one of these, a number of any length is an id: `items(5)`, `id=5`, `5:cancel`. */
const STRONG_MARKS = ",:=@+()!|'*$&{}<>";

/** Is the segment path[begin, end) an id as a whole? Bytes that nobody types make it one. */
export function isIdSegment(path: string, begin: number, end: number): boolean {
  const segment = path.slice(begin, end);
  return CONTROL.test(segment) || (NUMBERS.test(segment) && !SHORT_VERSION.test(segment));
}

/** End of the id that starts at `at` in the segment that ends at `end`; -1 if none starts there. */
export function endOfId(path: string, at: number, end: number, segmentBegin: number): number {
  if (path[at] === "<") return endOfMatch(PSEUDONYM, path, at, end);
  if (!isAlphanumeric(path, at) || isInEscape(path, at, segmentBegin)) return -1;
  let pieceEnd = at + 1;
  while (pieceEnd < end && isAlphanumeric(path, pieceEnd)) pieceEnd++;
  if (at > segmentBegin && isAlphanumeric(path, at - 1) && !isInEscape(path, at - 1, segmentBegin)) {
    return isDigit(path, at - 1) ? -1 : endOfLongNumber(path, at, pieceEnd);
  }
  const uuidEnd = endOfMatch(UUID, path, at, end);
  if (uuidEnd > 0) return uuidEnd;
  const piece = path.slice(at, pieceEnd);
  if (HEX_ID.test(piece) || isToken(piece)) return pieceEnd;
  const numberEnd = endOfLongNumber(path, at, pieceEnd);
  if (numberEnd > 0) return numberEnd;
  if (!/^\d+$/.test(piece)) return -1;
  const isFree = at === segmentBegin || STRONG_MARKS.includes(path[at - 1]);
  const isClosed = pieceEnd === end || STRONG_MARKS.includes(path[pieceEnd]);
  return isFree && (isClosed || endOfMatch(FILE_ENDING, path, pieceEnd, end) > 0) ? pieceEnd : -1;
}

/** Random characters: digits here and there, or small and capital letters mixed over a long stretch. */
function isToken(piece: string): boolean {
  if (piece.length < TOKEN_BYTES_MIN) return false;
  const numbers = piece.match(/\d+/g)?.length ?? 0;
  if (numbers >= 2 && !/[a-z]{3}/.test(piece)) return true;
  if (numbers >= 3 && piece.length >= MIXED_TOKEN_BYTES_MIN) return true;
  return numbers >= 1 && piece.length >= LONG_TOKEN_BYTES_MIN && /[a-z]/.test(piece) && /[A-Z]/.test(piece);
}

function endOfLongNumber(path: string, at: number, pieceEnd: number): number {
  let i = at;
  while (i < pieceEnd && isDigit(path, i)) i++;
  return i - at >= DIGITS_MIN ? i : -1;
}

/** One of the two characters behind a `%`. */
function isInEscape(path: string, at: number, segmentBegin: number): boolean {
  return (at - 1 >= segmentBegin && path[at - 1] === "%") || (at - 2 >= segmentBegin && path[at - 2] === "%");
}

function endOfMatch(pattern: RegExp, path: string, at: number, end: number): number {
  pattern.lastIndex = at;
  return pattern.test(path) && pattern.lastIndex <= end ? pattern.lastIndex : -1;
}

function isDigit(path: string, at: number): boolean {
  const code = path.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function isAlphanumeric(path: string, at: number): boolean {
  const code = path.charCodeAt(at) | 0x20;
  return isDigit(path, at) || (code >= 0x61 && code <= 0x7a);
}
