import { type OffsetAt, secondOfWeek } from "./local-time.ts";
import { hash, STREAM } from "./random.ts";

/** Services of which new versions come out. */
export const DEPLOYED_SERVICES = ["shop-front", "shop-orders", "shop-payments"] as const;
export type DeployedService = (typeof DEPLOYED_SERVICES)[number];

/** A version of a service, in force from its deploy to the next one. */
export interface Deploy {
  readonly service: DeployedService;
  /** Epoch seconds. */
  readonly start: number;
  /** `2.121.0` */
  readonly version: string;
  /** Grows by one with each deploy. */
  readonly number: number;
}

export interface Deploys {
  /** What is in force at a second. */
  at(service: DeployedService, epochSecond: number): Deploy;
  /** What came out in [fromSecond, toSecond), in order of time. */
  between(fromSecond: number, toSecond: number): Deploy[];
}

const DAY_SECONDS = 86_400;
const BLOCK_DAYS = 3;
const BLOCK_SECONDS = BLOCK_DAYS * DAY_SECONDS;
const WORK_BEGINS_SECONDS = 9 * 3600;
const WORK_SECONDS = 7 * 3600;
/** Number 0 came out around the end of 2024. */
const FIRST_BLOCK = 6696;
const MINORS = 1000;

/** One deploy of each service every three days, on a workday from 9 to 16 local time: a function of seed and time. */
export function createDeploys(seed: number, offsetAt: OffsetAt): Deploys {
  const latest = new Map<DeployedService, { readonly deploy: Deploy; readonly end: number }>();

  function inBlock(service: DeployedService, block: number): Deploy {
    const place = DEPLOYED_SERVICES.indexOf(service);
    const draw = hash(seed, STREAM.deploy, place, block);
    // Each service's blocks begin on another day.
    const begin = block * BLOCK_SECONDS + place * DAY_SECONDS;
    const days = Array.from({ length: BLOCK_DAYS }, (_, day) => begin + day * DAY_SECONDS).filter(isWorkday);
    const midnight = days[draw % days.length];
    const local = midnight + WORK_BEGINS_SECONDS + (hash(seed, STREAM.deploy, place + 3, block) % WORK_SECONDS);
    const number = block - FIRST_BLOCK;
    const minor = ((number % MINORS) + MINORS) % MINORS;
    return { service, start: local - offsetAt(local), version: `2.${minor}.${draw % 3}`, number };
  }

  function at(service: DeployedService, epochSecond: number): Deploy {
    const known = latest.get(service);
    if (known !== undefined && known.deploy.start <= epochSecond && epochSecond < known.end) return known.deploy;
    let block = Math.floor(epochSecond / BLOCK_SECONDS) + 1;
    let end = inBlock(service, block + 1).start;
    let deploy = inBlock(service, block);
    while (deploy.start > epochSecond) {
      end = deploy.start;
      deploy = inBlock(service, --block);
    }
    latest.set(service, { deploy, end });
    return deploy;
  }

  return {
    at,
    between(fromSecond, toSecond) {
      const found: Deploy[] = [];
      for (const service of DEPLOYED_SERVICES) {
        for (
          let block = Math.floor(fromSecond / BLOCK_SECONDS) - 2;
          block * BLOCK_SECONDS < toSecond + DAY_SECONDS;
          block++
        ) {
          const deploy = inBlock(service, block);
          if (fromSecond <= deploy.start && deploy.start < toSecond) found.push(deploy);
        }
      }
      return found.sort((a, b) => a.start - b.start);
    },
  };
}

/** @param midnight of a day, as if local time were UTC */
function isWorkday(midnight: number): boolean {
  const day = Math.floor(secondOfWeek(midnight, 0) / DAY_SECONDS);
  return day !== 0 && day !== 6;
}

/** Ends of messages: free of characters that JSON or logfmt would escape. */
const CLAUSES = [
  ...["", ", channel web", ", cache warm", " by worker pool", ", policy default", " in region eu", ", retry off"],
  ...[", schema 4", " via broker", ", audit on", ", rollout full", " under lease", ", tier standard"],
];

/**
 * How the message of step `step` of a program with `steps` of them ends in its version `number`: each version words one
 * step anew, in turn.
 */
export function wordingOf(number: number, step: number, steps: number): string {
  const changes = Math.floor((number - step) / steps);
  return CLAUSES[((changes % CLAUSES.length) + CLAUSES.length) % CLAUSES.length];
}

/** `wordingOf` for each of the steps; those of the latest number are kept. */
export function createWordings(steps: number): (number: number) => readonly string[] {
  let latestNumber = Number.NaN;
  let latest: readonly string[] = [];
  return function wordingsOf(number) {
    if (number === latestNumber) return latest;
    latestNumber = number;
    latest = Array.from({ length: steps }, (_, step) => wordingOf(number, step, steps));
    return latest;
  };
}
