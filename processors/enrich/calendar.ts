import { isAlphabetic, isDigit, isUpper } from "./template-bytes.ts";

const NAMES: ReadonlySet<string> = new Set(
  (
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec January February March April June July August September October " +
    "November December Mon Tue Wed Thu Fri Sat Sun Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
  ).split(" "),
);
const NAME_BYTES_MIN = 3;
const NAME_BYTES_MAX = 9;
const PARTS_MAX = 7;
const PART_BYTES_MAX = 16;

/** May a date with names start with this word? Quick, because it is asked of every word. */
export function startsCalendar(bytes: Uint8Array, begin: number, end: number): boolean {
  const length = end - begin;
  if (isDigit(bytes[begin])) return length <= 2 && bytes[end] === 0x20 && isUpper(bytes[end + 1]);
  if (length < NAME_BYTES_MIN || length > NAME_BYTES_MAX || !isUpper(bytes[begin])) return false;
  return bytes[end] === 0x2c || (bytes[end] === 0x20 && !isAlphabetic(bytes[end + 1])) || isUpper(bytes[end + 1]);
}

/**
 * End of the date that starts at `begin` and holds the name of a month or a weekday, such as `Fri Jul 01 08:16:53 PDT
 * 2005` or `Sun, 06 Nov 1994 08:49:37 GMT`; -1 if there is none. Dates of digits alone are ordinary words.
 */
export function calendarEnd(bytes: Uint8Array, text: string, begin: number): number {
  let isNamed = false;
  let isNumbered = false;
  let isTimed = false;
  let stop = -1;
  let i = begin;
  for (let part = 0; part < PARTS_MAX; part++) {
    const partEnd = endOfPart(bytes, i);
    if (NAMES.has(text.slice(i, partEnd))) isNamed = true;
    else if (isDayYearOrTime(bytes, i, partEnd)) {
      isNumbered = true;
      isTimed ||= partEnd - i > 4;
    } else if (!isTimed || !isZone(bytes, i, partEnd)) break;
    if (isNamed && isNumbered) stop = partEnd;
    i = partEnd;
    if (bytes[i] === 0x2c && isNamed && !isNumbered) i++;
    if (bytes[i] !== 0x20) break;
    i++;
  }
  return stop;
}

function endOfPart(bytes: Uint8Array, begin: number): number {
  let i = begin;
  while (i - begin < PART_BYTES_MAX && (isDigit(bytes[i]) || isAlphabetic(bytes[i]) || isPartMark(bytes[i]))) i++;
  return i;
}

function isPartMark(byte: number): boolean {
  return byte === 0x3a || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

function isDayYearOrTime(bytes: Uint8Array, begin: number, end: number): boolean {
  let digits = 0;
  let colons = 0;
  for (let i = begin; i < end; i++) {
    if (isDigit(bytes[i])) digits++;
    else if (bytes[i] === 0x3a) colons++;
    else if (bytes[i] !== 0x2e || colons === 0) return false;
  }
  if (!isDigit(bytes[begin]) || !isDigit(bytes[end - 1])) return false;
  return colons > 0 ? colons <= 2 && digits >= 3 : digits <= 2 || digits === 4;
}

function isZone(bytes: Uint8Array, begin: number, end: number): boolean {
  const isSigned = bytes[begin] === 0x2b || bytes[begin] === 0x2d;
  if (isSigned ? end - begin !== 5 : end - begin < 3 || end - begin > 4) return false;
  for (let i = isSigned ? begin + 1 : begin; i < end; i++) {
    if (isSigned ? !isDigit(bytes[i]) : !isUpper(bytes[i])) return false;
  }
  return true;
}
