import {
  ALNUM,
  AT,
  CLASSES,
  DASH,
  DIGIT,
  DOT,
  type Find,
  isFreeBefore,
  LETTER,
  type Scan,
  UNDERSCORE,
} from "./characters.ts";
import {
  isCnpj,
  isCodiceFiscale,
  isCpf,
  isDni,
  isDutchBsn,
  isFinnishId,
  isFrenchNir,
  isGermanTaxId,
  isNino,
  isPesel,
  isSwedishId,
  isUsSsn,
} from "./national-check.ts";
import { isNearWord, nearWords } from "./near-word.ts";

/** One way in which one country writes its number. */
interface Shape {
  /** d a digit, a a letter, x either; "-", " ", ".", "/" themselves, or their escapes. */
  readonly pattern: string;
  /** How many characters of it stand before its first run of digits. */
  readonly back: number;
  readonly isValid: (compact: string) => boolean;
  /** Where shape and check digits let through more than one number in ten thousand: words one of which must be near. */
  readonly words: RegExp | null;
}

const US = nearWords("u?s?_?ssn|social[ _-]?sec[a-z]*");
const UK = nearWords("nino|ni[ _-]?(?:no|nr|num|number)|national[ _-]?insurance[a-z_ ]*|nin");
const SPAIN = nearWords("dni|nie|nif|documento");
const FRANCE = nearWords("nir|insee|s.{1,2}cu[a-z]*|secu[a-z_]*|vitale");
const GERMANY = nearWords("steuer[a-z_-]*|tin|tax[a-z_ -]*|idnr|identifikationsnummer");
const POLAND = nearWords("pesel");
const NETHERLANDS = nearWords("bsn|burgerservice[a-z]*|sofi[a-z]*");
const BRAZIL = nearWords("cpf|cnpj|contribuinte");
const NORTH = nearWords(
  "person[a-z]*n(?:umme)?r|pnr|ssn|person[_ -]?(?:id|no|nr|number)|personal[ _-]?(?:id|no|nr|number)[a-z]*|national[ _-]?id|hetu|henkil[a-z]*",
);

/** By the length of the first run of digits. */
const SHAPES: readonly (readonly Shape[])[] = [
  [],
  [shape("d dd dd xx ddd ddd dd", isFrenchNir, null), shape("d dd dd xx ddd ddd", isFrenchNir, FRANCE)],
  [
    shape("aaaaaaddaddaddda", isCodiceFiscale, null, 6),
    shape("dd.ddd.ddd/dddd-dd", isCnpj, null),
    shape("dd ddd ddd ddd", isGermanTaxId, GERMANY),
    shape("aa dd dd dd a", isNino, UK, 3),
  ],
  [shape("ddd-dd-dddd", isUsSsn, US), shape("ddd dd dddd", isUsSsn, US), shape("ddd.ddd.ddd-dd", isCpf, null)],
  [shape("dddd.dd.ddd", isDutchBsn, NETHERLANDS)],
  [],
  [
    shape("aadddddda", isNino, UK, 2),
    shape("dddddd-dddd", isSwedishId, NORTH),
    shape("dddddd-dddx", isFinnishId, NORTH),
    shape("dddddd+dddd", isSwedishId, NORTH),
    shape("ddddddadddx", isFinnishId, NORTH),
  ],
  [shape("addddddda", isDni, SPAIN, 1), shape("a-ddddddd-a", isDni, SPAIN, 2)],
  [shape("dddddddda", isDni, SPAIN), shape("dddddddd-a", isDni, SPAIN), shape("dddddddd-dddd", isSwedishId, NORTH)],
  [shape("ddddddddd", isDutchBsn, NETHERLANDS), shape("ddddddddd", isUsSsn, US)],
  [shape("dddddddddd", isSwedishId, NORTH)],
  [
    shape("ddddddddddd", isPesel, POLAND),
    shape("ddddddddddd", isGermanTaxId, GERMANY),
    shape("ddddddddddd", isCpf, BRAZIL),
  ],
  [shape("dddddddddddd", isSwedishId, NORTH)],
  [shape("ddddddddddddd dd", isFrenchNir, FRANCE)],
  [shape("dddddddddddddd", isCnpj, BRAZIL)],
  [shape("ddddddddddddddd", isFrenchNir, FRANCE)],
];

function shape(pattern: string, isValid: Shape["isValid"], words: RegExp | null, back = 0): Shape {
  return { pattern, isValid, words, back };
}

/** How often a number in the shape of one of those that need no word passes its check, at most. */
const CHANCE = 1 / 26;

/** Runs that more often are parts of times, addresses and versions; what comes after tells the rest apart. */
const SHORT_RUN_MAX = 3;

/** The national id whose first run of digits is [begin, runEnd). The value is its letters and digits, in upper case. */
export function nationalIdAt(scan: Scan, begin: number, runEnd: number): Find | null {
  const run = runEnd - begin;
  if (run >= SHAPES.length) return null;
  const { bytes } = scan;
  if (run <= SHORT_RUN_MAX && !mayFollow(bytes, begin, runEnd)) return null;
  for (const { pattern, back, isValid, words } of SHAPES[run]) {
    const start = begin - back;
    if (start < scan.floor) continue;
    const end = shapeEnd(bytes, start, pattern);
    if (end < 0 || !isAlone(scan, start, end)) continue;
    const value = scan.text
      .slice(start, end)
      .replace(/%2[0-9A-Fa-f]|[^0-9A-Za-z]/g, "")
      .toUpperCase();
    if (words === null) scan.chance.national_id += CHANCE;
    if (!isValid(value) || (words !== null && !isNearWord(scan, start, words))) continue;
    return { begin: start, end, rule: "national_id", kind: "national_id", value, isSupported: words !== null };
  }
  return null;
}

function mayFollow(bytes: Uint8Array, begin: number, runEnd: number): boolean {
  const run = runEnd - begin;
  const c = bytes[runEnd];
  if (c === DOT) return run > 1 && bytes[runEnd + 4] === DOT;
  if (c === DASH) return run === 3 && bytes[runEnd + 3] === DASH;
  if (c === 0x20 || c === 0x2b) {
    if ((CLASSES[bytes[runEnd + 1]] & DIGIT) === 0) return false;
    // All but a Steuer-ID go on with two digits.
    return (CLASSES[bytes[runEnd + 3]] & DIGIT) === 0 || run === 2;
  }
  return c === 0x25 || (run === 2 && (CLASSES[c] & LETTER) !== 0);
}

function shapeEnd(bytes: Uint8Array, begin: number, pattern: string): number {
  let end = begin;
  for (let i = 0; i < pattern.length; i++) {
    const want = pattern.charCodeAt(i);
    const c = bytes[end];
    if (want === 0x64 || want === 0x61 || want === 0x78) {
      const bits = want === 0x64 ? DIGIT : want === 0x61 ? LETTER : ALNUM;
      if ((CLASSES[c] & bits) === 0) return -1;
      end++;
    } else if (c === want || (want === 0x20 && c === 0x2b)) end++;
    else if (c === 0x25 && bytes[end + 1] === 0x32 && isHexOf(bytes[end + 2], want)) end += 3;
    else if (want === 0x2f && c === 0x5c && bytes[end + 1] === 0x2f) end += 2;
    else return -1;
  }
  return end;
}

/** Whether the second digit of `%2x` is that of a separator. */
function isHexOf(digit: number, separator: number): boolean {
  const low = separator & 15;
  return digit === (low < 10 ? 0x30 + low : 0x37 + low) || digit === 0x57 + low;
}

function isAlone(scan: Scan, begin: number, end: number): boolean {
  const { bytes } = scan;
  const after = bytes[end];
  if ((CLASSES[after] & ALNUM) !== 0 || after === UNDERSCORE || after === AT) return false;
  if ((after === DASH || after === DOT) && (CLASSES[bytes[end + 1]] & ALNUM) !== 0) return false;
  if (!isFreeBefore(scan, begin)) return false;
  return begin <= scan.floor || (bytes[begin - 1] !== DASH && bytes[begin - 1] !== DOT);
}
