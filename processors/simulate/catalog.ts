import { toByteText } from "../model/record.ts";
import { createChoice, hash, logNormal, Random, STREAM, zipfWeights } from "./random.ts";

export interface Product {
  readonly id: number;
  /** Byte text, free of characters that JSON or logfmt would escape. */
  readonly name: string;
  readonly priceCents: number;
  readonly path: string;
  /** Referrer of what the product's page loads. */
  readonly url: string;
}

export interface Catalog {
  readonly products: readonly Product[];
  /** A product by popularity: a few are asked for all the time, most hardly ever. */
  popular(random: Random): Product;
}

export const ORIGIN = "https://www.shop.example";

const PRODUCT_COUNT = 3000;

const LOOKS = [
  ["Enamel", "Walnut", "Linen", "Copper", "Oak", "Glass", "Wool", "Steel", "Ceramic", "Bamboo", "Leather", "Cotton"],
  ["Nordic", "Classic", "Compact", "Large", "Folding", "Crème", "Rustic", "Slim", "Märchen", "Travel", "Round", "Blue"],
];
const THINGS = [
  ...["mug", "kettle", "lamp", "blanket", "chair", "vase", "bowl", "tray", "rug", "cushion", "clock", "basket"],
  ...["teapot", "bookend", "stool", "apron", "candle", "planter", "mirror", "towel", "jug", "plate", "hook", "shelf"],
];

export const CATEGORIES = [
  ...["kitchen", "living-room", "bedroom", "garden", "office", "kids", "lighting", "textiles", "storage", "gifts"],
  ...["sale", "new", "outdoor", "bath", "dining", "decor"],
];

/** Percent-encoded, as browsers send them. */
export const SEARCHES = [
  ...["enamel+mug", "oak+shelf", "lamp", "wool+blanket", "t%C3%B6pfe", "caf%C3%A9+set", "gift+card", "blue+vase"],
  ...["teapot", "garden+chair", "linen+towel", "copper+kettle", "rug+200x300", "wei%C3%9Fe+teller", "clock", "stool"],
  ...["kids+lamp", "bamboo+tray", "candle+holder", "storage+basket", "mirror+round", "ap%C3%A9ro", "hook", "apron"],
];

export function createCatalog(seed: number): Catalog {
  const products = Array.from({ length: PRODUCT_COUNT }, (_, rank) => makeProduct(seed, rank));
  const choose = createChoice(zipfWeights(PRODUCT_COUNT, 0.9));
  return { products, popular: (random) => products[choose(random)] };
}

function makeProduct(seed: number, rank: number): Product {
  const random = new Random(hash(seed, STREAM.product, rank));
  // 7919 and 9000 have no common divisor, so no two ranks share an id.
  const id = 1000 + ((rank * 7919) % 9000);
  const name = `${random.pick(LOOKS[1])} ${random.pick(LOOKS[0]).toLowerCase()} ${random.pick(THINGS)}`;
  const priceCents = Math.max(300, Math.round(logNormal(random, 3200, 0.8) / 10) * 10 - 1);
  const path = `/products/${id}`;
  return { id, name: toByteText(name), priceCents, path, url: ORIGIN + path };
}
