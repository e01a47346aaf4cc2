import { createChoice, type Random } from "./random.ts";

/** A public range that a country's internet providers hand to homes: the first 16 bits lie in [first, last]. */
interface Range {
  readonly weight: number;
  readonly network: number;
  readonly first: number;
  readonly last: number;
}

const HOMES: readonly Range[] = [
  { weight: 26, network: 84, first: 128, last: 190 }, // Germany
  { weight: 14, network: 91, first: 0, last: 63 },
  { weight: 10, network: 79, first: 192, last: 255 },
  { weight: 12, network: 90, first: 0, last: 125 }, // France
  { weight: 6, network: 82, first: 64, last: 127 },
  { weight: 12, network: 86, first: 128, last: 186 }, // United Kingdom
  { weight: 7, network: 91, first: 112, last: 115 }, // Austria
  { weight: 7, network: 85, first: 0, last: 7 }, // Switzerland
  { weight: 8, network: 84, first: 104, last: 107 }, // Netherlands
  { weight: 7, network: 83, first: 32, last: 63 }, // Spain
  { weight: 7, network: 79, first: 0, last: 55 }, // Italy
  { weight: 6, network: 83, first: 0, last: 28 }, // Poland
  { weight: 3, network: 78, first: 64, last: 79 }, // Sweden
  { weight: 14, network: 73, first: 0, last: 255 }, // United States
  { weight: 6, network: 98, first: 192, last: 255 },
  { weight: 4, network: 70, first: 24, last: 31 }, // Canada
  { weight: 4, network: 177, first: 16, last: 110 }, // Brazil
  { weight: 3, network: 189, first: 128, last: 250 }, // Mexico
  { weight: 5, network: 117, first: 192, last: 255 }, // India
  { weight: 4, network: 126, first: 0, last: 255 }, // Japan
  { weight: 2, network: 175, first: 192, last: 255 }, // South Korea
  { weight: 2, network: 114, first: 216, last: 245 }, // China
  { weight: 3, network: 1, first: 120, last: 127 }, // Australia
  { weight: 3, network: 78, first: 160, last: 190 }, // Turkey
];

const HOMES_V6 = ["2003:c0", "2a02:8108", "2a01:cb00", "2a00:23c0", "2a02:a210", "2601:40", "2409:4000", "2804:14c"];

/** Search engines, clouds and hosting companies. */
const HOSTS: readonly Range[] = [
  { weight: 10, network: 66, first: 249, last: 249 },
  { weight: 6, network: 157, first: 55, last: 55 },
  { weight: 4, network: 54, first: 36, last: 39 },
  { weight: 4, network: 95, first: 216, last: 217 },
  { weight: 3, network: 17, first: 241, last: 241 },
  { weight: 3, network: 139, first: 59, last: 59 },
  { weight: 3, network: 51, first: 15, last: 15 },
];

const HOME_V6_SHARE = 0.08;

function createAddresses(ranges: readonly Range[]): (random: Random) => string {
  const choose = createChoice(ranges.map((range) => range.weight));
  return function address(random) {
    const { network, first, last } = ranges[choose(random)];
    return `${network}.${first + random.below(last - first + 1)}.${random.below(256)}.${1 + random.below(254)}`;
  };
}

const homeV4 = createAddresses(HOMES);

/** An address of a home or a phone. */
export function homeAddress(random: Random): string {
  if (!random.chance(HOME_V6_SHARE)) return homeV4(random);
  const group = () => (1 + random.below(0xffff)).toString(16);
  return `${random.pick(HOMES_V6)}:${group()}:${group()}:${group()}:${group()}:${group()}:${group()}`;
}

/** An address of a machine room. */
export const hostAddress = createAddresses(HOSTS);
