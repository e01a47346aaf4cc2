import { homeAddress } from "./addresses.ts";
import { personAgent } from "./agents.ts";
import { ORIGIN } from "./catalog.ts";
import { createChoice, hash, Random, STREAM, zipfWeights } from "./random.ts";

/** What a visit comes to: a look, a walk through the shop, a purchase. */
type Plan = "look" | "browse" | "buy";

/** Where in a visit somebody is. Each comes once, in this order; only who buys has a cart, pays and looks after the order. */
export type Stage = "arrive" | "browse" | "cart" | "checkout" | "pay" | "after" | "gone";

/** Somebody during one visit of at most a quarter of an hour. */
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
  /** Has been here before and has an account; otherwise a guest. */
  readonly isCustomer: boolean;
  readonly plan: Plan;
  /** Epoch seconds: when the visit begins, and how long it lasts. */
  readonly start: number;
  readonly seconds: number;
}

export interface Visitors {
  /** How many places for visits there are when the shop is `level` times as busy as on average. */
  active(level: number): number;
  /** Visit in a place 0 .. active - 1 at a second, perhaps over already: after a while the next begins in its place. */
  at(place: number, epochSecond: number): Visitor;
  /** Somebody who is there; hardly ever, somebody who has just left. */
  present(random: Random, active: number, epochSecond: number): Visitor;
  /** Somebody who buys, as a rule one who has come as far as the cart. */
  buyer(random: Random, active: number, epochSecond: number): Visitor;
}

/** Of the stages of a visit that ends with a purchase: what part of its time is over when they end. */
const CART_BEGINS = 0.45;
const CHECKOUT_BEGINS = 0.76;
const PAY_BEGINS = 0.86;
const PAY_ENDS = 0.92;
const ARRIVE_SECONDS = 25;

/** The stage of a visit at a second. */
export function stageOf({ plan, start, seconds }: Visitor, epochSecond: number): Stage {
  const age = epochSecond - start;
  if (age >= seconds) return "gone";
  if (age < ARRIVE_SECONDS) return "arrive";
  if (plan !== "buy" || age < CART_BEGINS * seconds) return "browse";
  if (age < CHECKOUT_BEGINS * seconds) return "cart";
  if (age < PAY_BEGINS * seconds) return "checkout";
  return age < PAY_ENDS * seconds ? "pay" : "after";
}

/** Every so many places one where everybody buys. */
const PLACES_PER_BUYER = 5;
const PRESENT_TRIES = 16;
const BUYER_TRIES = 4;
const SECONDS: Readonly<Record<Plan, readonly [number, number]>> = {
  look: [40, 200],
  browse: [240, 880],
  buy: [480, 880],
};

const CUSTOMER_COUNT = 4000;
const CUSTOMER_SHARE = 0.6;
const VISIT_SECONDS = 900;
/** Of those who don't buy. */
const LOOK_SHARE = 0.5;
/** A visit makes a request every three seconds or so, most of them for images and scripts. */
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

  function at(place: number, epochSecond: number): Visitor {
    const phase = hash(seed, STREAM.visit, place) % VISIT_SECONDS;
    const turn = Math.floor((epochSecond + phase) / VISIT_SECONDS);
    const known = latest[place];
    if (known !== undefined && known.turn === turn) return known.visitor;
    const visit = new Random(hash(seed, STREAM.visit, place + 1, turn));
    const isCustomer = visit.chance(CUSTOMER_SHARE);
    const identity = isCustomer
      ? customerOf(seed, chooseCustomer(visit))
      : { person: visit, userId: `g-${visit.next().toString(36)}` };
    const plan = place % PLACES_PER_BUYER === 0 ? "buy" : visit.chance(LOOK_SHARE) ? "look" : "browse";
    const [least, most] = SECONDS[plan];
    const visitor: Visitor = {
      ...makePerson(identity, visit),
      isCustomer,
      plan,
      start: turn * VISIT_SECONDS - phase,
      seconds: least + visit.below(most - least),
    };
    latest[place] = { turn, visitor };
    return visitor;
  }

  return {
    active(level) {
      const visits = Math.ceil(ratePerSecond * VISITS_PER_EVENT_PER_SECOND * level);
      return Math.min(VISITS_MAX, Math.max(VISITS_MIN, visits));
    },
    at,
    present(random, active, epochSecond) {
      let visitor = at(random.below(active), epochSecond);
      for (let tries = 1; tries < PRESENT_TRIES && epochSecond >= visitor.start + visitor.seconds; tries++)
        visitor = at(random.below(active), epochSecond);
      return visitor;
    },
    buyer(random, active, epochSecond) {
      const places = Math.floor((active - 1) / PLACES_PER_BUYER) + 1;
      let visitor = at(PLACES_PER_BUYER * random.below(places), epochSecond);
      for (let tries = 1; tries < BUYER_TRIES && !hasCart(visitor, epochSecond); tries++)
        visitor = at(PLACES_PER_BUYER * random.below(places), epochSecond);
      return visitor;
    },
  };
}

function hasCart({ start, seconds }: Visitor, epochSecond: number): boolean {
  return epochSecond >= start + CART_BEGINS * seconds && epochSecond < start + seconds;
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

function makePerson({ person, userId }: Identity, visit: Random) {
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
