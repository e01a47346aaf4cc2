import { askAsPerson, askAsRobot, askAsScanner, askAsScraper, HEALTH_CHECK, type Request } from "./access-requests.ts";
import { hostAddress } from "./addresses.ts";
import { PROBE_AGENT, robotAgent, WAVE_AGENTS } from "./agents.ts";
import type { Catalog } from "./catalog.ts";
import { thousandthsText } from "./digits.ts";
import type { Effect } from "./effects.ts";
import { hash, logNormal, Random, STREAM } from "./random.ts";
import type { SecondText } from "./second-text.ts";
import type { Visitors } from "./visitors.ts";

const ERROR_STATUSES = [500, 500, 502, 503, 504];
/** Of requests that the application answers. */
const ERROR_SHARE = 0.002;
/** Of requests for files: the browser has them already. */
const UNCHANGED_SHARE = 0.3;
/** Of the requests of robots. */
const HEALTH_CHECK_SHARE = 0.04;

/** How many requests of each sort one second has. */
export interface AccessCounts {
  readonly people: number;
  readonly robots: number;
  /** Of a bot wave. */
  readonly wave: number;
}

export type WriteAccessLines = (
  lines: string[],
  random: Random,
  epochSecond: number,
  time: SecondText,
  counts: AccessCounts,
  active: number,
  effect: Effect,
  build: number,
) => void;

/**
 * Access lines in nginx's combined format. Those of requests that the application answered end in a space and the
 * request time in seconds (`$request_time`).
 */
export function createAccessLines(seed: number, catalog: Catalog, visitors: Visitors): WriteAccessLines {
  const waveRandom = new Random(0);

  function waveOf(incidentStart: number) {
    waveRandom.reseed(hash(seed, STREAM.wave, incidentStart));
    const ask = waveRandom.chance(0.4) ? askAsScanner : askAsScraper;
    const agent = waveRandom.pick(WAVE_AGENTS);
    const addresses = Array.from({ length: 1 + waveRandom.below(12) }, () => hostAddress(waveRandom));
    return { ask, agent, addresses };
  }

  return function writeAccessLines(lines, random, epochSecond, time, counts, active, effect, build) {
    const write = (address: string, protocol: string, agent: string, request: Request) => {
      lines.push(accessLine(address, protocol, agent, request, time, random, effect));
    };
    for (let i = 0; i < counts.people; i++) {
      const visitor = visitors.present(random, active, epochSecond);
      const request = askAsPerson(random, catalog, visitor, epochSecond, build);
      write(visitor.address, visitor.protocol, visitor.agent, request);
    }
    for (let i = 0; i < counts.robots; i++) {
      if (random.chance(HEALTH_CHECK_SHARE)) {
        write(`10.1.4.${2 + random.below(3)}`, "HTTP/1.1", PROBE_AGENT, HEALTH_CHECK);
      } else write(hostAddress(random), "HTTP/1.1", robotAgent(random), askAsRobot(random, catalog));
    }
    if (counts.wave === 0) return;
    const { ask, agent, addresses } = waveOf(effect.incidentStart);
    for (let i = 0; i < counts.wave; i++) {
      write(random.pick(addresses), "HTTP/1.1", agent, ask(random, catalog));
    }
  };
}

function accessLine(
  address: string,
  protocol: string,
  agent: string,
  request: Request,
  time: SecondText,
  random: Random,
  effect: Effect,
): string {
  const isFile = request.medianMs === 0;
  let { status } = request;
  let bytes: number;
  if (random.chance(effect.errors + (isFile ? 0 : ERROR_SHARE))) {
    status = random.pick(ERROR_STATUSES);
    bytes = 157;
  } else if (isFile && random.chance(UNCHANGED_SHARE)) {
    status = 304;
    bytes = 0;
  } else bytes = status >= 300 ? request.medianBytes : Math.round(logNormal(random, request.medianBytes, 0.3));
  const line =
    `${address} - - [${time.common}] "${request.method} ${request.path} ${protocol}" ${status} ${bytes} ` +
    `"${request.referrer}" "${agent}"`;
  if (isFile) return line;
  return `${line} ${thousandthsText(Math.round(logNormal(random, request.medianMs * effect.slowness, 0.5)))}`;
}
