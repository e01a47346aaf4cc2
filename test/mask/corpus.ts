/*
 * Generated lines with something planted in them, and clean lines with what is easily taken for it. The same lines for
 * the same seed.
 */

export interface Planted {
  readonly kind: string;
  readonly line: string;
  /** What must not be left in the line. */
  readonly planted: string;
}

/** Numbers in [0, n), by the generator "mulberry32" (Tommy Ettinger, public domain). */
export function createRandom(seed: number): (n: number) => number {
  let state = seed;
  return function random(n) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
  };
}
export type Random = (n: number) => number;

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const HEX = DIGITS + "abcdef";
const BASE62 = LOWER + LOWER.toUpperCase() + DIGITS;
const NAMES = "joe ann lee kim raj eva tom mia max zoe".split(" ");
const WORDS = "basket created cart updated request done cache miss retry user login failed page sent job started".split(
  " ",
);

export function pick<T>(random: Random, from: ArrayLike<T>): T {
  return from[random(from.length)];
}
export function chars(random: Random, alphabet: string, length: number): string {
  return Array.from({ length }, () => pick(random, alphabet)).join("");
}
export function words(random: Random): string {
  return Array.from({ length: 2 + random(4) }, () => pick(random, WORDS)).join(" ");
}
function base64(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function email(random: Random): string {
  const local =
    pick(random, NAMES) + pick(random, ["", ".", "_", "-", "+"]) + chars(random, LOWER + DIGITS, 1 + random(8));
  return `${local}@${chars(random, LOWER, 3 + random(8))}.${pick(random, ["com", "org", "co.uk", "de", "io", "museum"])}`;
}

function card(random: Random): string {
  const [prefix, length] = pick(random, [
    ["4", 16],
    ["51", 16],
    ["2223", 16],
    ["34", 15],
    ["6011", 16],
    ["36", 14],
    ["3530", 16],
    ["62", 19],
  ] as const);
  const digits = prefix + chars(random, DIGITS, length - prefix.length - 1);
  for (let check = 0; check < 10; check++) if (luhn(digits + check)) return digits + check;
  throw new Error("There is always a check digit.");
}
function luhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
function grouped(random: Random, digits: string): string {
  const separator = pick(random, [" ", "-"]);
  if (digits.length === 15) return [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10)].join(separator);
  return digits.length === 16 ? (digits.match(/.{4}/g) ?? []).join(separator) : digits;
}

function iban(random: Random): string {
  const [country, length] = pick(random, [
    ["DE", 22],
    ["NL", 18],
    ["FR", 27],
    ["NO", 15],
    ["PL", 28],
    ["BE", 16],
    ["MT", 31],
  ] as const);
  const rest = chars(random, country === "MT" ? DIGITS + LOWER.toUpperCase() : DIGITS, length - 4);
  const number = [...`${rest}${country}00`].map((c) => Number.parseInt(c, 36)).join("");
  return country + String(98n - (BigInt(number) % 97n)).padStart(2, "0") + rest;
}

function jwt(random: Random): string {
  const header = base64(JSON.stringify({ alg: pick(random, ["HS256", "RS256", "ES512"]), typ: "JWT" }));
  return `${header}.${base64(JSON.stringify({ sub: chars(random, DIGITS, 8) }))}.${chars(random, `${BASE62}-_`, 43)}`;
}

/** A value by itself, in prose, as a field of JSON and of logfmt, and in a query string. */
export function around(random: Random, key: string, value: string): string {
  const text = words(random);
  return pick(random, [
    value,
    `${text} ${value} ${words(random)}`,
    `${text}: ${value}, ${words(random)}`,
    JSON.stringify({ level: "info", message: `${text} ${value}`, n: 1 }),
    JSON.stringify({ a: { [key]: value }, message: text }),
    JSON.stringify({ message: JSON.stringify({ [key]: value }) }),
    JSON.stringify({ [value]: 1 }),
    `level=info ${key}="${value}" msg="${text}"`,
    `GET /${pick(random, WORDS)}?a=1&${key}=${encodeURIComponent(value)}&b=2 HTTP/1.1`,
    `GET /in?next=${encodeURIComponent(`/a?${key}=${value}&b=2`)} HTTP/1.1`,
  ]);
}

const SECRET_KEYS = (
  "password passwd pwd passphrase secret client_secret token access_token refresh_token id_token api_key apikey api-key " +
  "x-api-key auth authorization private_key session sessionid credential userPassword accessToken DB_PASSWORD"
).split(" ");

function secret(random: Random): Planted {
  const key = pick(random, SECRET_KEYS);
  const value = chars(random, `${BASE62}!#$%*+-./:?@^_~&,;`, 7 + random(20)) + chars(random, BASE62, 3);
  const plain = chars(random, BASE62, 8 + random(24));
  const text = words(random);
  const [line, planted] = pick(random, [
    [JSON.stringify({ message: text, [key]: `${value}"${plain}` }), plain],
    [JSON.stringify({ user: { name: "joe", [key]: value } }), value],
    [JSON.stringify({ message: JSON.stringify({ [key]: value, n: 1 }) }), value],
    [`{"${key}":1${chars(random, DIGITS, 9)}}`, ""],
    [`level=info ${key}=${plain} msg="${text}"`, plain],
    [`level=info ${key}="${value} ${plain}" msg="${text}"`, plain],
    [`${text} ${key}=${plain}, retry=1`, plain],
    [`GET /a?x=1&${key}=${encodeURIComponent(value)}&y=2 HTTP/1.1`, encodeURIComponent(value)],
    [`GET /a?${key}=${plain}`, plain],
    [`Password: ${plain}`, plain],
    [`${text}: {'${key}': '${value}', 'n': 1}`, value],
  ]);
  return { kind: "secret", line, planted: planted === "" ? (/\d{10}/.exec(line)?.[0] ?? "") : planted };
}

function credential(random: Random): Planted {
  const plain = chars(random, BASE62, 20 + random(24));
  const password = chars(random, BASE62, 8 + random(8));
  const basic = Buffer.from(`${pick(random, NAMES)}:${password}`).toString("base64");
  const [line, planted] = pick(random, [
    [`Authorization: Bearer ${plain}`, plain],
    [`sent header Bearer ${plain} to upstream`, plain],
    [JSON.stringify({ headers: { authorization: `Bearer ${plain}` } }), plain],
    [`> Authorization: Basic ${basic}`, basic],
    [`using Basic ${basic} for proxy`, basic],
    [`connect postgres://app:${password}@db.example.org:5432/shop`, password],
    [JSON.stringify({ url: `https://joe:${password}@example.org/a` }), password],
  ]);
  return { kind: "credential", line, planted };
}

export function plantedLine(random: Random): Planted {
  const kind = pick(random, ["email", "card", "iban", "jwt", "secret", "credential"]);
  if (kind === "secret") return secret(random);
  if (kind === "credential") return credential(random);
  const value =
    kind === "email"
      ? email(random)
      : kind === "card"
        ? pick(random, [(d: string) => d, (d: string) => grouped(random, d)])(card(random))
        : kind === "iban"
          ? iban(random)
          : jwt(random);
  const spelling = kind === "iban" && random(3) === 0 ? (value.match(/.{1,4}/g) ?? []).join(" ") : value;
  return { kind, line: around(random, kind === "card" ? "pan" : "field", spelling), planted: spelling };
}

/** Fields that hold nothing of a person, but look as if. */
export function decoy(random: Random): string {
  const uuid = [8, 4, 4, 4, 12].map((length) => chars(random, HEX, length)).join("-");
  const id = `${1 + random(9)}${chars(random, DIGITS, 12 + random(7))}`;
  return pick(random, [
    `sha=${chars(random, HEX, 40)}`,
    `request_id=${uuid}`,
    `"trace_id":"${chars(random, HEX, 32)}"`,
    `span_id=${chars(random, HEX, 16)}`,
    `etag="${chars(random, `${BASE62}+/`, 43)}="`,
    `order_id=${id}`,
    `"orderId":${id}`,
    `order ${id}`,
    `ts=17${chars(random, DIGITS, 11)}`,
    `time 17${chars(random, DIGITS, 17)}`,
    `id=req_01HZ${chars(random, DIGITS + "ABCDEFGHJKMNPQRSTVWXYZ", 22)}`,
    `installed @${pick(random, NAMES)}/${pick(random, WORDS)}@${random(20)}.${random(20)}.${random(9)}`,
    `ssh root@web-${random(9)}`,
    `key SHA256:${chars(random, `${BASE62}+/`, 43)}`,
    `client=2001:db8::${chars(random, HEX, 4)}:${chars(random, HEX, 4)}`,
    `mac ${Array.from({ length: 6 }, () => chars(random, HEX, 2)).join(":")}`,
    `call ${chars(random, DIGITS, 4)} ${chars(random, DIGITS, 7)}`,
    `size=${chars(random, DIGITS, 7)} tokens_used=${random(9999)}`,
    `at 2026-0${1 + random(9)}-1${random(9)}T0${random(9)}:5${random(9)}:00.${chars(random, DIGITS, 6)}Z`,
    `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/${random(150)}.0.${random(9999)}.0`,
    `author=${pick(random, NAMES)} session_count=${random(9)}`,
    `GET /img/icon@2x.png?v=${chars(random, DIGITS, 13)}`,
    `blk_-${chars(random, DIGITS, 19)}`,
    `session: opened for user ${pick(random, NAMES)}`,
    `dump ${chars(random, DIGITS, 4)} ${chars(random, DIGITS, 4)} ${chars(random, HEX, 4)}`,
  ]);
}

export function cleanLine(random: Random): string {
  return `${words(random)} ${decoy(random)} ${decoy(random)} ${words(random)}`;
}
