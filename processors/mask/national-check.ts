/*
 * What makes a national id one: its dates and check digits, as the countries publish them. Each takes letters in upper
 * case and digits, without separators.
 */

/** United States: areas 001 to 899 but 666, groups and serials other than zero (Social Security Administration). */
export function isUsSsn(id: string): boolean {
  return !/^(?:000|666|9)|^...00|0000$/.test(id);
}

/** United Kingdom: prefixes that are given, six digits, a suffix from A to D (HMRC, NIM39110). */
export function isNino(id: string): boolean {
  return /^(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/.test(id);
}

const SPANISH_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE";

/** Spain, DNI and NIE: the number modulo 23 chooses the letter; X, Y and Z stand for 0, 1 and 2. */
export function isDni(id: string): boolean {
  if (!/^[XYZ\d]\d{7}[A-Z]$/.test(id)) return false;
  const number = Number(id.slice(0, -1).replace(/^[XYZ]/, (letter) => String("XYZ".indexOf(letter))));
  return SPANISH_LETTERS[number % 23] === id.at(-1);
}

/** France, NIR: sex, year, month, department (2A and 2B on Corsica), order, and a key modulo 97, without which there is no proof. */
export function isFrenchNir(id: string): boolean {
  if (!/^[12378]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:0[1-9]|[1-8]\d|9[0-9]|2[AB])\d{6}(?:\d{2})?$/.test(id)) return false;
  if (id.length === 13) return true;
  const number = id.slice(0, 13).replace("2A", "19").replace("2B", "18");
  return 97n - (BigInt(number) % 97n) === BigInt(id.slice(13));
}

/** Germany, Steuer-ID: of the first ten digits one occurs twice or three times, and a check digit after ISO 7064 MOD 11,10. */
export function isGermanTaxId(id: string): boolean {
  if (id.length !== 11 || id[0] === "0") return false;
  const counts = new Uint8Array(10);
  let product = 10;
  for (let i = 0; i < 10; i++) {
    const digit = Number(id[i]);
    counts[digit]++;
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  const repeated = counts.filter((count) => count > 1);
  if (repeated.length !== 1 || repeated[0] > 3) return false;
  return (11 - product) % 10 === Number(id[10]);
}

/** Poland, PESEL: a date whose month carries the century, and a weighted check digit. */
export function isPesel(id: string): boolean {
  const month = Number(id.slice(2, 4)) % 20;
  if (id.length !== 11 || !isDate(month, Number(id.slice(4, 6)))) return false;
  return weighted(id, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
}

/** The Netherlands, BSN: the eleven test. */
export function isDutchBsn(id: string): boolean {
  return id.length === 9 && id !== "000000000" && weighted(id, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

/** Brazil, CPF: two check digits modulo 11; eleven equal digits pass them and are none. */
export function isCpf(id: string): boolean {
  if (id.length !== 11 || isOneDigit(id)) return false;
  return mod11(id, [10, 9, 8, 7, 6, 5, 4, 3, 2], 9) && mod11(id, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2], 10);
}

/** Brazil, CNPJ: two check digits modulo 11. */
export function isCnpj(id: string): boolean {
  if (id.length !== 14 || isOneDigit(id)) return false;
  const weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
  return mod11(id, weights, 12) && mod11(id, [6, ...weights], 13);
}

/** Sweden: a date (60 is added to the day of a coordination number) and a Luhn digit over ten digits. */
export function isSwedishId(id: string): boolean {
  const ten = id.slice(-10);
  if (!/^\d{10}(?:\d{2})?$/.test(id) || !isDate(Number(ten.slice(2, 4)), Number(ten.slice(4, 6)) % 60)) return false;
  let sum = 0;
  for (let i = 0; i < 10; i++) {
    const value = Number(ten[i]) * (i % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

const FINNISH_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY";

/** Finland: a date, a sign for the century, a number, and the remainder modulo 31. The sign may have been left out. */
export function isFinnishId(id: string): boolean {
  const parts = /^(\d{2})(\d{2})(\d{2})[A-FU-Y]?(\d{3})([0-9A-Y])$/.exec(id);
  if (parts === null) return false;
  const [, day, month, year, serial, check] = parts;
  return isDate(Number(month), Number(day)) && FINNISH_CHECKS[Number(day + month + year + serial) % 31] === check;
}

const ODD_VALUES = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Italy, codice fiscale: name, year, letter of the month, day (and sex), place, and a check letter. */
export function isCodiceFiscale(id: string): boolean {
  if (!/^[A-Z]{6}\d{2}[A-EHLMPRST](?:[04][1-9]|[1256]\d|[37][01])[A-Z]\d{3}[A-Z]$/.test(id)) return false;
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const c = id.charCodeAt(i);
    const value = c < 0x3a ? c - 0x30 : c - 0x41;
    sum += i % 2 === 0 ? ODD_VALUES[value] : value;
  }
  return sum % 26 === id.charCodeAt(15) - 0x41;
}

function isDate(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

function weighted(id: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * Number(id[i]), 0);
}

function mod11(id: string, weights: readonly number[], place: number): boolean {
  const rest = weighted(id, weights) % 11;
  return (rest < 2 ? 0 : 11 - rest) === Number(id[place]);
}

function isOneDigit(id: string): boolean {
  return id === id[0].repeat(id.length);
}
