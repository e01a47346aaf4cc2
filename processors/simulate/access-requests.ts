import { CATEGORIES, type Catalog, ORIGIN, SEARCHES } from "./catalog.ts";
import { createChoice, hash, type Random } from "./random.ts";
import { type Stage, stageOf, type Visitor } from "./visitors.ts";

/** What is asked for, and what the usual answer is. */
export interface Request {
  readonly method: string;
  /** With query string. */
  readonly path: string;
  readonly status: number;
  readonly referrer: string;
  readonly medianBytes: number;
  /** Median time that the application takes; 0 = a file, which no application answers. */
  readonly medianMs: number;
}

/** What every version of the shop has. */
const FILES = [
  ...["/favicon.ico", "/static/fonts/inter-var.woff2", "/static/img/logo.svg", "/static/img/hero-1600.webp"],
  ...["/manifest.webmanifest", "/static/img/icons/heart.svg", "/static/img/payment-methods.png"],
];
/** What is built anew with each version. */
const BUILT_FILES = ["css/shop.css", "js/app.js", "js/vendor.js", "js/cart.js"];
const BUILT_SHARE = 0.45;
const SIZES = ["160", "320", "640", "1280"];
const SORTS = ["", "?sort=price", "?sort=new", "?page=2", "?page=3&sort=price", "?color=blue&material=oak"];
const LOST = ["/wp-login.php", "/.env", "/index.php", "/old/catalogue.pdf", "/apple-touch-icon.png", "/.git/config"];
const PROBED = [
  "/admin/config.php",
  "/wp-admin/setup.php",
  "/.env.bak",
  "/phpmyadmin/",
  "/cgi-bin/luci",
  "/vendor/.env",
];

const HOME = `${ORIGIN}/`;
const CART = `${ORIGIN}/cart`;
const LOGIN = `${ORIGIN}/login`;

function get(path: string, medianBytes: number, medianMs: number, referrer: string, status = 200): Request {
  return { method: "GET", path, status, referrer, medianBytes, medianMs };
}

function post(path: string, medianBytes: number, medianMs: number, referrer: string, status: number): Request {
  return { method: "POST", path, status, referrer, medianBytes, medianMs };
}

type Ask = (random: Random, catalog: Catalog, visitor: Visitor, build: number) => Request;
type Weighted = readonly (readonly [weight: number, ask: Ask])[];

const askForHome: Ask = (_r, _, visitor) => get("/", 22_000, 35, visitor.landing);
const askForProduct: Ask = (r, catalog, visitor) =>
  get(catalog.popular(r).path, 31_000, 46, r.chance(0.3) ? visitor.landing : categoryUrl(r));
const askForCategory: Ask = (r, _, visitor) =>
  get(`/category/${r.pick(CATEGORIES)}${r.pick(SORTS)}`, 42_000, 70, r.chance(0.4) ? visitor.landing : HOME);
const askForSearch: Ask = (r) =>
  get(`/search?q=${r.pick(SEARCHES)}${r.chance(0.2) ? "&page=2" : ""}`, 27_000, 120, HOME);
const askForOrders: Ask = () => get("/account/orders", 14_000, 80, `${ORIGIN}/account`);
/** A guest has no account to log in to, and looks for products instead. */
const logIn: Ask = (r, catalog, visitor, build) =>
  visitor.isCustomer ? post("/login", 320, 95, LOGIN, 302) : askForProduct(r, catalog, visitor, build);

const BROWSING: Weighted = [
  [29, askForImage],
  [17, askForFile],
  [20, askForProduct],
  [9, askForCategory],
  [6, askForSearch],
  [3, askForHome],
  [4, askForStock],
  [0.5, logIn],
  [0.4, askForOrders],
  [0.3, (r, catalog) => get(`/p/${catalog.popular(r).id}`, 162, 2, "-", 301)],
  [0.5, (r) => get(r.pick(LOST), 146, 3, "-", 404)],
  [0.12, (_r, _, visitor) => get(`/newsletter/confirm?email=${visitor.email.replace("@", "%40")}`, 2_100, 40, "-")],
  [0.01, leakPassword],
];

/** In the order of a visit. Nobody asks for anything after leaving, but what a page that is still open fetches. */
const BY_STAGE: Readonly<Record<Stage, Weighted>> = {
  arrive: [
    [30, askForFile],
    [24, askForImage],
    [22, askForHome],
    [12, askForProduct],
    [6, askForCategory],
    [5, askForSearch],
    [4, logIn],
  ],
  browse: BROWSING,
  cart: [
    ...BROWSING,
    [12, (r, catalog) => post("/cart/items", 420, 38, catalog.popular(r).url, 201)],
    [12, (r, catalog) => get("/cart", 9_000, 30, catalog.popular(r).url)],
  ],
  checkout: [
    [30, askForFile],
    [18, askForImage],
    [10, () => get("/cart", 9_000, 30, `${ORIGIN}/checkout`)],
    [30, () => get("/checkout", 12_000, 55, CART)],
    [4, logIn],
  ],
  pay: [
    [30, askForFile],
    [14, askForImage],
    [34, () => post("/checkout/confirm", 800, 240, `${ORIGIN}/checkout`, 303)],
    [1, () => post("/checkout/confirm", 610, 260, `${ORIGIN}/checkout`, 402)],
  ],
  after: [
    [20, askForFile],
    [30, askForImage],
    [26, askForOrders],
    [12, askForHome],
  ],
  gone: [
    [1, askForFile],
    [2, askForImage],
  ],
};

const CHOICES = Object.fromEntries(
  Object.entries(BY_STAGE).map(([stage, weighted]) => [stage, createChoice(weighted.map(([weight]) => weight))]),
) as Readonly<Record<Stage, (random: Random) => number>>;

/** @param build number of the shop's version, which names files that are built */
export function askAsPerson(
  random: Random,
  catalog: Catalog,
  visitor: Visitor,
  epochSecond: number,
  build: number,
): Request {
  const stage = stageOf(visitor, epochSecond);
  return BY_STAGE[stage][CHOICES[stage](random)][1](random, catalog, visitor, build);
}

/** Robots read the whole catalog, not what is popular. */
export function askAsRobot(random: Random, catalog: Catalog): Request {
  const roll = random.float();
  if (roll < 0.03) return get("/robots.txt", 300, 0, "-");
  if (roll < 0.05) return get("/sitemap.xml", 90_000, 0, "-");
  if (roll < 0.15) return get(`/category/${random.pick(CATEGORIES)}?page=${1 + random.below(30)}`, 42_000, 70, "-");
  return askAsScraper(random, catalog);
}

export function askAsScraper(random: Random, catalog: Catalog): Request {
  return get(random.pick(catalog.products).path, 31_000, 46, "-");
}

/** Looks for weak spots of software that the shop doesn't run. */
export function askAsScanner(random: Random): Request {
  return get(random.pick(PROBED), 146, 3, "-", 404);
}

export const HEALTH_CHECK = get("/healthz", 2, 1, "-");

function askForImage(random: Random, catalog: Catalog): Request {
  const { id, url } = catalog.popular(random);
  return get(`/images/products/${id}-${random.pick(SIZES)}.webp`, 24_000, 0, url);
}

function askForFile(random: Random, catalog: Catalog, _visitor: Visitor, build: number): Request {
  const referrer = random.chance(0.5) ? HOME : catalog.popular(random).url;
  return get(random.chance(BUILT_SHARE) ? builtFile(random, build) : random.pick(FILES), 18_000, 0, referrer);
}

/** `/static/js/app.9d81c2e0.js` */
function builtFile(random: Random, build: number): string {
  const place = random.below(BUILT_FILES.length);
  const file = BUILT_FILES[place];
  const dot = file.indexOf(".");
  return `/static/${file.slice(0, dot)}.${hash(build, place).toString(16).padStart(8, "0")}${file.slice(dot)}`;
}

function askForStock(random: Random, catalog: Catalog): Request {
  const { id, url } = catalog.popular(random);
  return get(`/api/stock/${id}`, 180, 12, url);
}

function categoryUrl(random: Random): string {
  return `${ORIGIN}/category/${random.pick(CATEGORIES)}`;
}

/** A form that is sent with GET by mistake: what masking is for. */
function leakPassword(random: Random, _catalog: Catalog, visitor: Visitor): Request {
  const password = `${random.pick(CATEGORIES)}${random.below(10_000)}!`;
  return get(`/login?user=${visitor.userId}&password=${password}`, 320, 95, LOGIN, 302);
}
