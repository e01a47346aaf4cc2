/*
 * Severities by number. What a number means depends on who counts; the scale of a field says so.
 *
 *   syslog     0 (emergency) .. 7 (debug), also GELF and journald
 *   priority   syslog's <PRI>: facility * 8 + severity, 0 .. 191
 *   ten        0 .. 10 as CEF and LEEF count: up to 3 low, up to 6 medium, up to 8 high, above very high
 */
export type SeverityScale = "syslog" | "priority" | "ten";

/** As OpenTelemetry maps syslog's severities. */
const SYSLOG = [21, 19, 18, 17, 13, 10, 9, 5];
const TEN_WORDS: Readonly<Record<string, number>> = { unknown: 9, low: 9, medium: 13, high: 17, "very-high": 21 };

function integer(value: string, max: number): number {
  if (value.length === 0 || value.length > 3) return -1;
  let number = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number <= max ? number : -1;
}

/** OpenTelemetry severity number of a value on a scale; 0 where it is none. */
export function severityOnScale(value: string, scale: SeverityScale): number {
  if (scale === "ten") {
    const number = integer(value, 10);
    if (number < 0) return TEN_WORDS[value.toLowerCase()] ?? 0;
    return number <= 3 ? 9 : number <= 6 ? 13 : number <= 8 ? 17 : 21;
  }
  const number = integer(value, scale === "syslog" ? 7 : 191);
  return number < 0 ? 0 : SYSLOG[number & 7];
}
