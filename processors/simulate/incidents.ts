import { hash, Random, STREAM } from "./random.ts";

/** Services that incidents befall. */
const CUSTOMER_SERVICES = ["shop-front", "shop-orders", "shop-payments"] as const;
const ALL_SERVICES = [...CUSTOMER_SERVICES, "shop-jobs"] as const;
export type IncidentService = (typeof ALL_SERVICES)[number];

/** What goes wrong with one service for a while; others that depend on it may suffer as well. */
export interface Incident {
  readonly kind: IncidentKind;
  /** Where the cause is. */
  readonly service: IncidentService;
  /** Epoch seconds; the lines of [start, end) are changed. */
  readonly start: number;
  readonly end: number;
  /** How much: see `KINDS`. */
  readonly magnitude: number;
}

interface KindShape {
  readonly services: readonly IncidentService[];
  /** Shortest and longest, as long as half a block holds it. */
  readonly minutes: readonly [number, number];
  /** Ranges that a magnitude is drawn from: one of them, evenly. */
  readonly magnitudes: readonly (readonly [number, number])[];
}

const KINDS = {
  /** Lines times the magnitude. */
  spike: {
    services: CUSTOMER_SERVICES,
    minutes: [4, 20],
    magnitudes: [
      [2.5, 4],
      [4, 8],
    ],
  },
  dip: {
    services: CUSTOMER_SERVICES,
    minutes: [8, 40],
    magnitudes: [
      [0.1, 0.45],
      [0.45, 0.68],
    ],
  },
  silence: { services: ALL_SERVICES, minutes: [6, 30], magnitudes: [[0, 0]] },
  /** Share of lines that are errors beyond the usual. */
  error_burst: {
    services: ALL_SERVICES,
    minutes: [4, 25],
    magnitudes: [
      [0.03, 0.12],
      [0.12, 0.6],
    ],
  },
  /** Durations times the magnitude. */
  slow: {
    services: ALL_SERVICES,
    minutes: [6, 40],
    magnitudes: [
      [1.8, 3],
      [3, 10],
    ],
  },
  /** Lines times the magnitude, for long. */
  level_shift: {
    services: CUSTOMER_SERVICES,
    minutes: [60, 480],
    magnitudes: [
      [0.45, 0.68],
      [1.4, 2.2],
    ],
  },
  /** Share of lines with a message that the service never logged before. */
  new_template: {
    services: ["shop-orders", "shop-payments", "shop-jobs"],
    minutes: [5, 40],
    magnitudes: [
      [0.01, 0.04],
      [0.04, 0.2],
    ],
  },
  /** Requests of a few addresses on top of the usual, as a share of what is usual on average over the week. */
  bot_wave: {
    services: ["shop-front"],
    minutes: [6, 40],
    magnitudes: [
      [0.3, 0.7],
      [0.7, 2],
    ],
  },
  /** Lines times a factor that moves evenly from 1 to the magnitude, and is gone at the end. */
  drift: {
    services: CUSTOMER_SERVICES,
    minutes: [60, 480],
    magnitudes: [
      [0.4, 0.6],
      [1.6, 2.5],
    ],
  },
} as const satisfies Record<string, KindShape>;

export type IncidentKind = keyof typeof KINDS;
export const INCIDENT_KINDS = Object.keys(KINDS) as IncidentKind[];

/** Where incidents of a kind occur. */
export function servicesOf(kind: IncidentKind): readonly IncidentService[] {
  return KINDS[kind].services;
}

export interface Incidents {
  /** The incident of a second, of whatever service; there is at most one. */
  at(epochSecond: number): Incident | null;
  /** Incidents that overlap [fromSecond, toSecond), in order of time. */
  between(fromSecond: number, toSecond: number): Incident[];
}

const DAY_SECONDS = 86_400;
/** Blocks are a little longer than their share of a day, so that over weeks incidents fall on every hour. */
const BLOCK_STRETCH = 1.03;

/**
 * A schedule that is a function of seed and time alone: time is cut into blocks of equal length, each holds one
 * incident that begins in its first half and lasts at most half of it, and every nine blocks hold each kind once, in
 * random order. At 48 a day, one begins every 20 to 41 minutes.
 *
 * @param perDay incidents in about 24 hours, 0..288; 0 = none
 */
export function createIncidents(seed: number, perDay: number): Incidents {
  if (perDay === 0) return { at: () => null, between: () => [] };
  const blockSeconds = (DAY_SECONDS / perDay) * BLOCK_STRETCH;
  const phaseSeconds = hash(seed, STREAM.incidentPhase) % Math.ceil(blockSeconds);
  const blockOf = (epochSecond: number) => Math.floor((epochSecond - phaseSeconds) / blockSeconds);
  let latestBlock = Number.NaN;
  let latest: Incident;

  function inBlock(block: number): Incident {
    if (block === latestBlock) return latest;
    latest = makeIncident(seed, block, Math.floor(phaseSeconds + block * blockSeconds), Math.floor(blockSeconds));
    latestBlock = block;
    return latest;
  }

  return {
    at(epochSecond) {
      const incident = inBlock(blockOf(epochSecond));
      return incident.start <= epochSecond && epochSecond < incident.end ? incident : null;
    },
    between(fromSecond, toSecond) {
      const found: Incident[] = [];
      for (let block = blockOf(fromSecond); block <= blockOf(toSecond); block++) {
        const incident = inBlock(block);
        if (incident.start < toSecond && incident.end > fromSecond) found.push(incident);
      }
      return found;
    },
  };
}

function makeIncident(seed: number, block: number, blockStart: number, blockSeconds: number): Incident {
  const kindCount = INCIDENT_KINDS.length;
  const round = Math.floor(block / kindCount);
  const kind = shuffledKinds(new Random(hash(seed, STREAM.incidentKinds, round)))[block - round * kindCount];
  const shape: KindShape = KINDS[kind];
  const random = new Random(hash(seed, STREAM.incident, block));
  const longest = Math.min(shape.minutes[1] * 60, blockSeconds / 2);
  const shortest = Math.min(shape.minutes[0] * 60, longest / 2);
  const seconds = Math.max(1, Math.floor(shortest + (longest - shortest) * random.float()));
  const start = blockStart + Math.floor(blockSeconds * (0.1 + 0.3 * random.float()));
  const [least, most] = random.pick(shape.magnitudes);
  const magnitude = least + (most - least) * random.float();
  return { kind, service: random.pick(shape.services), start, end: start + seconds, magnitude };
}

function shuffledKinds(random: Random): IncidentKind[] {
  const kinds = [...INCIDENT_KINDS];
  for (let left = kinds.length; left > 1; left--) {
    const other = random.below(left);
    [kinds[left - 1], kinds[other]] = [kinds[other], kinds[left - 1]];
  }
  return kinds;
}
