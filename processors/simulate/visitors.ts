import { homeAddress } from "./addresses.ts";
import { personAgent } from "./agents.ts";
import { ORIGIN } from "./catalog.ts";
import { createChoice, hash, Random, STREAM, zipfWeights } from "./random.ts";

/** Somebody during one visit of about a quarter of an hour. */
export interface Visitor {
  readonly address: string;
  readonly agent: string;
  /** `HTTP/1.1` and the like. */
  readonly protocol: string;
  /** Where the visit came from, "-" if unknown. */
  readonly landing: string;
  readonly userId: string;
  readonly email: string;
  readonly currency: string;
  readonly cardBrand: string;
  readonly cardLast4: string;
}

export interface Visitors {
  /** How many visits are under way when the shop is `level` times as busy as on average. */
  active(level: number): number;
  /** Visit in a place 0 .. active - 1 at a second: when one visit ends, the next begins in its place. */
  at(place: number, epochSecond: number): Visitor;
}

const CUSTOMER_COUNT = 4000;
const CUSTOMER_SHARE = 0.6;
const VISIT_SECONDS = 900;
/** A visit makes a request every six seconds or so, most of them for images and scripts. */
const VISITS_PER_EVENT_PER_SECOND = 4;
const VISITS_MIN = 12;
/** Bounds the memory of those who are remembered. */
const VISITS_MAX = 50_000;

const FIRST = [
  ...["anna", "ben", "clara", "david", "elena", "felix", "greta", "hugo", "ida", "jonas", "kim", "lea", "marco"],
  ...["nina", "omar", "paula", "quentin", "rosa", "samir", "tessa", "uwe", "vera", "wim", "yara", "zoe", "ines"],
];
const LAST = [
  ...["weber", "martin", "rossi", "novak", "jansen", "garcia", "keller", "dubois", "smith", "kowalski", "berg"],
  ...["silva", "sato", "patel", "yilmaz", "moreau", "huber", "lindqvist", "brown", "costa", "meier", "okafor"],
];
const MAIL_DOMAINS = ["example.com", "example.org", "example.net", "mail.example", "post.example"];

const chooseProtocol = createChoice([80, 16, 4]);
const PROTOCOLS = ["HTTP/2.0", "HTTP/1.1", "HTTP/3.0"];
const chooseCurrency = createChoice([74, 12, 8, 6]);
const CURRENCIES = ["EUR", "USD", "GBP", "CHF"];
const chooseBrand = createChoice([55, 34, 8, 3]);
const BRANDS = ["visa", "mastercard", "amex", "maestro"];
const chooseLanding = createChoice([44, 30, 8, 6, 6, 6]);
const LANDINGS = [
  "-",
  "https://www.google.com/",
  "https://www.bing.com/",
  "https://duckduckgo.com/",
  "https://www.pinterest.com/",
  `${ORIGIN}/?utm_source=newsletter&utm_medium=email`,
];

export function createVisitors(seed: number, ratePerSecond: number): Visitors {
  const chooseCustomer = createChoice(zipfWeights(CUSTOMER_COUNT, 0.6));
  const latest: { turn: number; visitor: Visitor }[] = [];

  return {
    active(level) {
      const visits = Math.ceil(ratePerSecond * VISITS_PER_EVENT_PER_SECOND * level);
      return Math.min(VISITS_MAX, Math.max(VISITS_MIN, visits));
    },
    at(place, epochSecond) {
      const turn = Math.floor((epochSecond + (hash(seed, STREAM.visit, place) % VISIT_SECONDS)) / VISIT_SECONDS);
      const known = latest[place];
      if (known !== undefined && known.turn === turn) return known.visitor;
      const visit = new Random(hash(seed, STREAM.visit, place + 1, turn));
      const visitor = visit.chance(CUSTOMER_SHARE)
        ? makeVisitor(customerOf(seed, chooseCustomer(visit)), visit)
        : makeVisitor({ person: visit, userId: `g-${visit.next().toString(36)}` }, visit);
      latest[place] = { turn, visitor };
      return visitor;
    },
  };
}

interface Identity {
  /** Draws what stays the same on every visit of one person. */
  readonly person: Random;
  readonly userId: string;
}

function customerOf(seed: number, rank: number): Identity {
  return {
    person: new Random(hash(seed, STREAM.customer, rank)),
    userId: `u-${100_000 + ((rank * 7919) % 900_000)}`,
  };
}

function makeVisitor({ person, userId }: Identity, visit: Random): Visitor {
  const suffix = person.chance(0.6) ? String(person.below(100)) : "";
  return {
    address: homeAddress(person),
    agent: personAgent(person),
    email: `${person.pick(FIRST)}.${person.pick(LAST)}${suffix}@${person.pick(MAIL_DOMAINS)}`,
    currency: CURRENCIES[chooseCurrency(person)],
    cardBrand: BRANDS[chooseBrand(person)],
    cardLast4: String(10_000 + person.below(10_000)).slice(1),
    protocol: PROTOCOLS[chooseProtocol(visit)],
    landing: LANDINGS[chooseLanding(visit)],
    userId,
  };
}
