import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom, plantedLine } from "../mask/corpus.ts";
import { plantedIdentity } from "../mask/corpus-identities.ts";

/** A value that must not be found anywhere, in a line of one of the formats. */
export interface Planted {
  readonly kind: string;
  readonly format: "combined" | "json" | "logfmt" | "text";
  readonly line: string;
  readonly value: string;
}

type Random = (n: number) => number;

const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const SECRET_KEYS = ["password", "passwd", "api_key", "client_secret", "access_token", "refresh_token", "private_key"];

function secret(random: Random, length = 18): string {
  return Array.from({ length }, () => ALPHABET[random(ALPHABET.length)]).join("");
}

/** A value of one of the kinds that are known by how they look. */
function ownValue(random: Random, kind: string): string {
  for (;;) {
    const planted = plantedLine(random);
    if (planted.kind === kind) return planted.planted;
  }
}

function identity(random: Random, kind: string, shape: RegExp): string {
  for (;;) {
    const found = plantedIdentity(random);
    if (found.kind === kind && shape.test(found.planted)) return found.planted;
  }
}

const KINDS: Readonly<
  Record<string, (random: Random) => { key: string; value: string; text: string; hidden?: string }>
> = {
  email: (random) => named("email", ownValue(random, "email")),
  card: (random) => named("pan", ownValue(random, "card")),
  iban: (random) => named("account", ownValue(random, "iban")),
  phone: (random) => named("phone", identity(random, "phone", /^\+/)),
  // Those whose check suffices; the others need their word, which not every line here has.
  national_id: (random) => named("tax_code", identity(random, "national_id", /^[A-Z]{6}/)),
  cloud_key: (random) => named("field", identity(random, "cloud_key", /^/)),
  jwt: (random) => named("jwt", ownValue(random, "jwt")),
  bearer: (random) => {
    const token = secret(random, 32);
    return { key: "authorization", value: `Bearer ${token}`, text: `Authorization: Bearer ${token}`, hidden: token };
  },
  basic: (random) => {
    const token = Buffer.from(`joe:${secret(random)}`).toString("base64");
    return { key: "authorization", value: `Basic ${token}`, text: `Authorization: Basic ${token}`, hidden: token };
  },
  secret: (random) => {
    const key = SECRET_KEYS[random(SECRET_KEYS.length)];
    const value = secret(random);
    return { key, value, text: `${key}=${value}` };
  },
  url_password: (random) => {
    const password = secret(random);
    const url = `https://joe:${password}@example.org/a`;
    return { key: "url", value: url, text: `fetched ${url}`, hidden: password };
  },
};

function named(key: string, value: string) {
  return { key, value, text: `got ${value} today` };
}

const LINES = {
  combined: (time: string, { key, value }: { key: string; value: string }) =>
    `198.51.100.7 - - [02/Mar/2026:10:${time} +0000] "GET /find?x=1&${key}=${encodeURIComponent(value)}&y=2 HTTP/1.1" 200 12 "https://shop.example/in?${key}=${encodeURIComponent(value)}" "agent/1.0"`,
  json: (time: string, { key, value, text }: { key: string; value: string; text: string }) =>
    JSON.stringify({ time: `2026-03-02T10:${time}Z`, message: text, user: { [key]: value }, n: 1 }),
  logfmt: (time: string, { key, value, text }: { key: string; value: string; text: string }) =>
    `time=2026-03-02T10:${time}Z level=info ${key}="${value}" msg="${text}"`,
  text: (time: string, { text }: { text: string }) => `2026-03-02 10:${time} INFO ${text} (a job)`,
} as const;

/** So many lines of each kind in each format, in an order that mixes the kinds. */
export function plantedLines(each: number, seed: number): Planted[] {
  const random = createRandom(seed);
  const planted: Planted[] = [];
  for (let i = 0; i < each; i++) {
    for (const [kind, make] of Object.entries(KINDS)) {
      const made = make(random);
      const time = `${String(i % 60).padStart(2, "0")}:${String(planted.length % 60).padStart(2, "0")}`;
      for (const format of ["combined", "json", "logfmt", "text"] as const) {
        const value = made.hidden ?? made.value;
        planted.push({
          kind,
          format,
          line: LINES[format](time, made),
          value: format === "combined" ? encodeURIComponent(value) : value,
        });
      }
    }
  }
  return planted;
}

/** Kind and format of everything planted that is in the bytes, spelled as it was or percent-encoded; sorted, each once a value. */
export function foundIn(bytes: Buffer, planted: readonly Planted[]): string[] {
  const spellings = new Map<string, string>();
  for (const { kind, format, value } of planted) {
    for (const spelling of [value, encodeURIComponent(value), decodeURIComponent(value)])
      spellings.set(spelling, `${kind} in ${format}`);
  }
  // A look at every four bytes first: most are no beginning of anything.
  const byStart = new Map<number, string[]>();
  for (const spelling of spellings.keys()) {
    const start = Buffer.from(spelling, "latin1").readUInt32LE();
    byStart.set(start, [...(byStart.get(start) ?? []), spelling]);
  }
  const found = new Set<string>();
  for (let at = 0; at + 4 <= bytes.length; at++) {
    for (const spelling of byStart.get(bytes.readUInt32LE(at)) ?? []) {
      if (bytes.latin1Slice(at, at + spelling.length) === spelling) found.add(spelling);
    }
  }
  return [...found].map((spelling) => `${spellings.get(spelling)}: ${spelling}`).sort();
}

/** The bytes of every file under a folder; what goes while it is read (the engine renames and removes) counts as empty. */
export function bytesUnder(folder: string): Buffer {
  const entries = unlessGone(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return Buffer.concat(
    entries.map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return bytesUnder(path);
      return (entry.isFile() ? unlessGone(() => readFileSync(path)) : null) ?? Buffer.alloc(0);
    }),
  );
}

function unlessGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
