import { CATEGORIES, type Catalog, ORIGIN, SEARCHES } from "./catalog.ts";
import { createChoice, type Random } from "./random.ts";
import type { Visitor } from "./visitors.ts";

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

const FILES = [
  ...["/static/css/shop.4f2a9c1b.css", "/static/js/app.9d81c2e0.js", "/static/js/vendor.77aa01f3.js", "/favicon.ico"],
  ...["/static/fonts/inter-var.woff2", "/static/img/logo.svg", "/static/img/hero-1600.webp", "/manifest.webmanifest"],
  ...["/static/js/cart.c0ffee12.js", "/static/img/icons/heart.svg", "/static/img/payment-methods.png"],
];
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

type Ask = (random: Random, catalog: Catalog, visitor: Visitor) => Request;

const PEOPLE: readonly (readonly [weight: number, ask: Ask])[] = [
  [30, askForImage],
  [17, (r, catalog) => get(r.pick(FILES), 18_000, 0, r.chance(0.5) ? HOME : catalog.popular(r).url)],
  [
    20,
    (r, catalog, visitor) => get(catalog.popular(r).path, 31_000, 46, r.chance(0.3) ? visitor.landing : categoryUrl(r)),
  ],
  [
    9,
    (r, _, visitor) =>
      get(`/category/${r.pick(CATEGORIES)}${r.pick(SORTS)}`, 42_000, 70, r.chance(0.4) ? visitor.landing : HOME),
  ],
  [6, (r) => get(`/search?q=${r.pick(SEARCHES)}${r.chance(0.2) ? "&page=2" : ""}`, 27_000, 120, HOME)],
  [6, (_r, _, visitor) => get("/", 22_000, 35, visitor.landing)],
  [4, askForStock],
  [2, (r, catalog) => post("/cart/items", 420, 38, catalog.popular(r).url, 201)],
  [2, (r, catalog) => get("/cart", 9_000, 30, catalog.popular(r).url)],
  [1.1, () => get("/checkout", 12_000, 55, CART)],
  [0.6, () => post("/checkout/confirm", 800, 240, `${ORIGIN}/checkout`, 303)],
  [0.8, () => get("/account/orders", 14_000, 80, `${ORIGIN}/account`)],
  [0.5, () => post("/login", 320, 95, LOGIN, 302)],
  [0.3, (r, catalog) => get(`/p/${catalog.popular(r).id}`, 162, 2, "-", 301)],
  [0.5, (r) => get(r.pick(LOST), 146, 3, "-", 404)],
  [0.12, (_r, _, visitor) => get(`/newsletter/confirm?email=${visitor.email.replace("@", "%40")}`, 2_100, 40, "-")],
  [0.01, leakPassword],
];

const choosePeople = createChoice(PEOPLE.map(([weight]) => weight));

export function askAsPerson(random: Random, catalog: Catalog, visitor: Visitor): Request {
  return PEOPLE[choosePeople(random)][1](random, catalog, visitor);
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
