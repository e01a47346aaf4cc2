import { ALNUM, blankAt, CLASSES, DASH, DIGIT, type Find, isFreeBefore, type Scan, UNDERSCORE } from "./characters.ts";

/** Characters of an IBAN per country, from SWIFT's IBAN registry. */
const LENGTHS_BY_COUNTRY =
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 " +
  "FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 " +
  "LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 " +
  "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/** By the low five bits of both letters. */
const LENGTHS = new Uint8Array(1024);
for (const entry of LENGTHS_BY_COUNTRY.split(" ")) {
  LENGTHS[((entry.charCodeAt(0) & 31) << 5) | (entry.charCodeAt(1) & 31)] = Number(entry.slice(2));
}

/**
 * The IBAN whose check digits start at `digits` (two letters come before them): in one run, or in groups of four with
 * single separators, in either case. The value is its characters in upper case.
 */
export function ibanAt(scan: Scan, digits: number): Find | null {
  const { bytes } = scan;
  const begin = digits - 2;
  if (begin < scan.floor || (CLASSES[bytes[digits + 1]] & DIGIT) === 0) return null;
  const length = LENGTHS[((bytes[begin] & 31) << 5) | (bytes[begin + 1] & 31)];
  if (length === 0 || !isFreeBefore(scan, begin)) return null;
  let gap = -1;
  let end = begin;
  for (let taken = 0; taken < length; taken++, end++) {
    if (taken > 0 && taken % 4 === 0) {
      const blank = bytes[end] === DASH ? 1 : blankAt(bytes, end);
      if (gap < 0) gap = blank;
      if (blank !== gap) return null;
      end += blank;
    }
    if ((CLASSES[bytes[end]] & ALNUM) === 0) return null;
  }
  if ((CLASSES[bytes[end]] & ALNUM) !== 0 || bytes[end] === UNDERSCORE) return null;
  scan.chance.iban += 1 / 97;
  if (!hasCheckDigits(bytes, begin, length, gap)) return null;
  const written = scan.text.slice(begin, end).toUpperCase();
  const value = gap === 0 ? written : written.replaceAll("%20", "").replace(/[ +-]/g, "");
  return { begin, end, rule: "iban", kind: "iban", value };
}

/** ISO 7064 MOD 97-10 over the number that is moved and spelt as ISO 13616-1 says. */
function hasCheckDigits(bytes: Uint8Array, begin: number, length: number, gap: number): boolean {
  let rest = 0;
  for (let i = 0; i < length; i++) {
    const place = (i + 4) % length;
    const c = bytes[begin + place + gap * Math.floor(place / 4)];
    rest = c < 0x3a ? (rest * 10 + c - 0x30) % 97 : (rest * 100 + (c & 0x5f) - 0x37) % 97;
  }
  return rest === 1;
}
