const THOUSANDTHS = Array.from({ length: 1000 }, (_, value) => `.${String(value).padStart(3, "0")}`);

/** A whole number of thousandths with three decimals: 12042 is `12.042`. */
export function thousandthsText(value: number): string {
  return Math.floor(value / 1000) + THOUSANDTHS[value % 1000];
}

/** The rest of an ISO time, `.042Z`. The i-th of n lines falls into the i-th n-th of its second, so lines are in order. */
export function fractionText(index: number, count: number, within: number): string {
  return THOUSANDTHS[Math.floor(((index + within) * 1000) / count)] + "Z";
}

/** Cents as an amount with two decimals: 12990 is `129.90`. */
export function amountText(cents: number): string {
  const rest = cents % 100;
  return `${Math.floor(cents / 100)}.${rest < 10 ? "0" : ""}${rest}`;
}

/** A function that writes a uint32 as 8 lowercase hex digits. */
export function createHex(): (value: number) => string {
  const quads = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"));
  return (value) => quads[value >>> 16] + quads[value & 0xffff];
}
