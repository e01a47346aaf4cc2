/*
 * Wall-clock times of a zone as instants. Within a quarter of an hour an offset does not change, so it is worked out
 * once for each quarter that occurs.
 */

/** A time zone of the IANA database. */
export interface Zone {
  readonly name: string;
  readonly isUtc: boolean;
  /**
   * The instant, microseconds since the epoch, of a wall-clock time, given as the instant it would be in UTC. Of a
   * time that the clocks show twice the first one; one that they leave out counts on from before the gap.
   */
  utcUs(localUs: number): number;
}

export const UTC: Zone = { name: "UTC", isUtc: true, utcUs: (localUs) => localUs };

const QUARTER_US = 900_000_000;
const DAY_MS = 86_400_000;
const QUARTERS_MAX = 8192;
/** Beyond these no calendar of the platform reaches. */
const LOCAL_US_MAX = 8.6e18;

/** Throws RangeError if there is no such zone. */
export function createZone(name: string): Zone {
  if (name === "UTC") return UTC;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const offsetsUs = new Map<number, number>();
  let lastQuarter = Number.NaN;
  let lastOffsetUs = 0;

  /** How far the zone's clocks are ahead of UTC at an instant. */
  function offsetMs(atMs: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of clock.formatToParts(atMs)) parts[type] = Number(value);
    const shown = Date.UTC(
      parts["year"],
      parts["month"] - 1,
      parts["day"],
      parts["hour"],
      parts["minute"],
      parts["second"],
    );
    return shown - Math.floor(atMs / 1000) * 1000;
  }

  function offsetOfLocalUs(localMs: number): number {
    // No zone changes its offset twice within two days: one of the offsets around it is the one of a time that exists.
    const before = offsetMs(localMs - DAY_MS);
    const after = offsetMs(localMs + DAY_MS);
    const isValid = (offset: number) => offsetMs(localMs - offset) === offset;
    return 1000 * (isValid(before) || !isValid(after) ? before : after);
  }

  return {
    name,
    isUtc: false,
    utcUs(localUs) {
      const quarter = Math.floor(localUs / QUARTER_US);
      if (quarter === lastQuarter) return localUs - lastOffsetUs;
      if (!(Math.abs(localUs) < LOCAL_US_MAX)) return Number.NaN;
      let offsetUs = offsetsUs.get(quarter);
      if (offsetUs === undefined) {
        if (offsetsUs.size >= QUARTERS_MAX) offsetsUs.clear();
        offsetUs = offsetOfLocalUs((quarter * QUARTER_US) / 1000);
        offsetsUs.set(quarter, offsetUs);
      }
      lastQuarter = quarter;
      lastOffsetUs = offsetUs;
      return localUs - offsetUs;
    },
  };
}

/** Hours ahead of UTC of the abbreviations that mean one zone only; CST, IST and BST, among others, mean several. */
const ABBREVIATIONS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    UTC: 0,
    GMT: 0,
    UT: 0,
    WET: 0,
    WEST: 1,
    CET: 1,
    CEST: 2,
    MEZ: 1,
    MESZ: 2,
    EET: 2,
    EEST: 3,
    MSK: 3,
    EST: -5,
    EDT: -4,
    MDT: -6,
    PST: -8,
    PDT: -7,
    AKST: -9,
    AKDT: -8,
    HST: -10,
    JST: 9,
    KST: 9,
    AEST: 10,
    AEDT: 11,
    NZST: 12,
    NZDT: 13,
  }),
);

/** Microseconds east of UTC of an abbreviation such as `CEST`, or NaN if it means no zone or several. */
export function abbreviatedZoneUs(abbreviation: string): number {
  return (ABBREVIATIONS.get(abbreviation) ?? Number.NaN) * 3_600_000_000;
}
