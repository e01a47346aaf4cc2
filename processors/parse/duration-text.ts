/* Durations as people write them: with units, or as a clock. */

const DURATION_UNITS_US: Readonly<Record<string, number>> = {
  ...{
    ns: 1e-3,
    us: 1,
    "\xc2\xb5s": 1,
    "\xce\xbcs": 1,
    ms: 1e3,
    s: 1e6,
    sec: 1e6,
    m: 60e6,
    min: 60e6,
    h: 3600e6,
    d: 86_400e6,
  },
};
const CLOCK_DURATION = /^(?:([0-9]{1,6}):)?([0-9]{1,6}):([0-9]{1,2}(?:\.[0-9]{1,9})?)$/;

/** Microseconds of `250ms`, `1.5s`, `1h2m3s`, `0:01:02.5`, or plain seconds; NaN for all else. */
export function durationUs(text: string): number {
  if (text.length > 64) return Number.NaN;
  const clock = CLOCK_DURATION.exec(text);
  if (clock !== null)
    return Math.round((Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3])) * 1e6);
  let us = 0;
  let at = 0;
  while (at < text.length) {
    const match = /^ ?([0-9]{1,15}(?:\.[0-9]{0,9})?) ?([a-z\xb5\xbc\xc2\xce]{0,3})/.exec(text.slice(at, at + 32));
    const unitUs =
      match === null
        ? undefined
        : match[2] === "" && at === 0 && match[0].length === text.length
          ? 1e6
          : DURATION_UNITS_US[match[2]];
    if (match === null || unitUs === undefined) return Number.NaN;
    us += Number(match[1]) * unitUs;
    at += match[0].length;
  }
  return at === 0 || us > Number.MAX_SAFE_INTEGER ? Number.NaN : Math.round(us);
}
