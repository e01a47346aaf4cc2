/** What a record of the generator is, and what must become of it. */
export interface Content {
  readonly text: string;
  readonly outcome: "ok" | "bad" | "blank";
  readonly timeUs: number;
  readonly service: string;
  readonly isError: boolean;
  /** Names the record; stored as its duration, so that sums of windows tell which records are in them. */
  readonly number: number;
}

export interface ContentOptions {
  readonly seed: number;
  readonly partitions: number;
  /** Event time of the first record of each partition, and from one to the next. */
  readonly startUs: number;
  readonly stepUs: number;
}

const BAD_EACH = 1009;
const BLANK_EACH = 2003;
const LATE_EACH = 101;
const LATE_US_MAX = 600_000_000;
const DISORDER_US = 4_000_000;
const SERVICES = 5;
const PATHS = 500;
const STATUSES = [200, 200, 200, 200, 201, 204, 301, 404, 500, 503];

/** The record at an offset of a partition: a function of the seed and its place. */
export function contentAt(
  { seed, partitions, startUs, stepUs }: ContentOptions,
  partition: number,
  offset: number,
): Content {
  const number = offset * partitions + partition + 1;
  const hash = mix(number, seed);
  const more = mix(number, hash);
  const lateUs = hash % LATE_EACH === 0 ? more % LATE_US_MAX : more % DISORDER_US;
  const timeUs = Math.floor(startUs + offset * stepUs - lateUs);
  const service = `shop-${hash % SERVICES}`;
  const status = STATUSES[more % STATUSES.length];
  const outcome = hash % BAD_EACH === 1 ? "bad" : hash % BLANK_EACH === 2 ? "blank" : "ok";
  const text =
    outcome === "blank"
      ? ""
      : `{"time":"${isoOf(timeUs)}","level":"info","service":"${service}","msg":"order placed","method":"GET","path":"/orders/item-${more % PATHS}","status":${status},"duration_us":${number}${outcome === "bad" ? "" : "}"}`;
  return { text, outcome, timeUs, service, isError: status >= 500, number };
}

/** An event after all others, which lets every window before it be closed. */
export function lastText(timeUs: number, number: number): string {
  return `{"time":"${isoOf(timeUs)}","level":"info","service":"end","msg":"end","duration_us":${number}}`;
}

function isoOf(timeUs: number): string {
  const ms = Math.floor(timeUs / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(timeUs - ms * 1000).padStart(3, "0")}Z`;
}

/** Well mixed 32 bits of two numbers: murmur3's end. */
function mix(value: number, seed: number): number {
  let hash = Math.imul(value ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
