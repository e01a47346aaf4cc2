import { around, chars, decoy, type Planted, pick, type Random, words } from "./corpus.ts";

/* Phone numbers, national ids, keys of clouds and private keys in generated lines, and what is easily taken for them. */

const DIGITS = "0123456789";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE62 = `${UPPER}${UPPER.toLowerCase()}${DIGITS}`;
const BASE64 = `${BASE62}+/`;

function digits(random: Random, count: number): string {
  return chars(random, DIGITS, count);
}
function two(value: number): string {
  return String(value).padStart(2, "0");
}

function internationalPhone(random: Random): string {
  const d = (count: number) => digits(random, count);
  const n = 2 + random(8);
  return pick(random, [
    `+49 30 ${d(4)} ${d(3)}`,
    `+49 15${1 + random(9)}${d(1)} ${d(7)}`,
    `+4930${d(7)}`,
    `+1 ${n}${d(2)} ${n}${d(2)} ${d(4)}`,
    `+1-${n}${d(2)}-${n}${d(2)}-${d(4)}`,
    `+1 (${n}${d(2)}) ${n}${d(2)}-${d(4)}`,
    `+1${n}${d(2)}${n}${d(6)}`,
    `+33 6 ${d(2)} ${d(2)} ${d(2)} ${d(2)}`,
    `+44 20 ${d(4)} ${d(4)}`,
    `+44 (0)20 ${d(4)} ${d(4)}`,
    `+91 ${d(5)} ${d(5)}`,
    `+86${d(11)}`,
    `+358 40 ${d(7)}`,
    `+351.9${d(2)}.${d(3)}.${d(3)}`,
    `+971 50 ${d(3)} ${d(4)}`,
  ]);
}

/** A number without a country code: with its own separators, or after a word that announces it. */
function nationalPhone(random: Random): Planted {
  const d = (count: number) => digits(random, count);
  const n = 2 + random(8);
  const grouped = pick(random, [`${n}${d(2)}-${n}${d(2)}-${d(4)}`, `(${n}${d(2)}) ${n}${d(2)}-${d(4)}`]);
  const plain = pick(random, [`0${d(3)} ${d(7)}`, `0171/${d(7)}`, `0${d(9)}`, `06 ${d(2)} ${d(2)} ${d(2)} ${d(2)}`]);
  const key = pick(random, ["phone", "phone_number", "mobile", "tel", "customerPhone", "fax", "telephone"]);
  const [line, planted] = pick(random, [
    [`${words(random)} ${grouped} ${words(random)}`, grouped],
    [`level=info ${key}="${plain}" msg="${words(random)}"`, plain],
    [JSON.stringify({ user: { [key]: plain }, n: 1 }), plain],
    [JSON.stringify({ message: `${words(random)}, ${key}: ${plain}` }), plain],
    [`GET /a?x=1&${key}=${encodeURIComponent(plain)}&y=2 HTTP/1.1`, encodeURIComponent(plain)],
  ]);
  return { kind: "phone", line, planted };
}

/** The last characters that make `isRight` true: found by trying, so that the check is not written twice. */
function completed(head: string, alphabet: string, isRight: (id: string) => boolean): string {
  for (const a of alphabet) if (isRight(head + a)) return head + a;
  return "";
}

function digitSum(id: string): number {
  return [...id].reduce((sum, digit, i) => {
    const value = Number(digit) * ((id.length - i) % 2 === 0 ? 2 : 1);
    return sum + Math.floor(value / 10) + (value % 10);
  }, 0);
}

function dotProduct(id: string, weights: string): number {
  return [...weights].reduce((sum, weight, i) => sum + Number.parseInt(weight, 36) * Number(id[i]), 0);
}

function brazilian(head: string, weights: readonly string[]): string {
  return weights.reduce((id, row) => {
    const rest = dotProduct(id, row) % 11;
    return id + (rest < 2 ? 0 : 11 - rest);
  }, head);
}

function germanTaxId(random: Random): string {
  for (;;) {
    const nine = [...DIGITS].sort(() => random(2) - 0.5).slice(0, 9);
    const head = [...nine, nine[random(9)]].join("");
    if (head[0] === "0" || head[9] === head[8]) continue;
    let product = 10;
    for (const digit of head) product = (((Number(digit) + product) % 10 || 10) * 2) % 11;
    return head + ((11 - product) % 10);
  }
}

const ITALIAN_ODD = "BAKPLCQDREVOSFTGUHMINJWZYX";
/** A letter's place in the published table of odd positions is its value. */
function italian(random: Random): string {
  const head = `${chars(random, UPPER, 6)}${digits(random, 2)}${pick(random, "ABCDEHLMPRST")}${two(1 + random(28) + 40 * random(2))}${pick(random, UPPER)}${digits(random, 3)}`;
  const sum = [...head].reduce((total, c, i) => {
    const value = Number.isNaN(Number(c)) ? UPPER.indexOf(c) : Number(c);
    return total + (i % 2 === 0 ? ITALIAN_ODD.indexOf(UPPER[value]) : value);
  }, 0);
  return head + UPPER[sum % 26];
}

/** Key, id. The key must be there for all but those whose shape and check suffice. */
function nationalId(random: Random): { key: string; value: string; isStrong: boolean } {
  const d = (count: number) => digits(random, count);
  const date = `${d(2)}${two(1 + random(12))}${two(1 + random(28))}`;
  const weak = (key: string, value: string) => ({ key, value, isStrong: false });
  const strong = (key: string, value: string) => ({ key, value, isStrong: true });
  const kind = random(12);
  switch (kind) {
    case 0: {
      const id = `${two(1 + random(60))}${1 + random(9)}-${two(1 + random(99))}-${1 + random(9)}${d(3)}`;
      return weak("ssn", random(3) === 0 ? id.replaceAll("-", "") : id);
    }
    case 1:
      return weak("nino", `AB${d(6)}${pick(random, "ABCD")}`);
    case 2: {
      const number = d(8);
      return weak("dni", number + "TRWAGMYFPDXBNJZSQVHLCKE"[Number(number) % 23]);
    }
    case 3: {
      const head = `${1 + random(2)}${d(2)}${two(1 + random(12))}${two(1 + random(95))}${d(6)}`;
      const id = head + two(97 - Number(BigInt(head) % 97n));
      const [, ...groups] = /^(.)(..)(..)(..)(...)(...)(..)$/.exec(id)!;
      return random(2) === 0 ? weak("nir", id) : strong("num", groups.join(" "));
    }
    case 4:
      return weak("steuer_id", germanTaxId(random));
    case 5:
      return weak(
        "pesel",
        completed(date + d(4), DIGITS, (id) => dotProduct(id, "13791379131") % 10 === 0),
      );
    case 6: {
      for (;;) {
        const id = completed(`${1 + random(9)}${d(7)}`, DIGITS, (all) => {
          return (dotProduct(all, "98765432") - Number(all[8])) % 11 === 0;
        });
        if (id !== "") return weak("bsn", id);
      }
    }
    case 7: {
      const id = brazilian(`${1 + random(8)}${d(7)}9`, ["a98765432", "ba98765432"]);
      return random(2) === 0 ? weak("cpf", id) : strong("doc", id.replace(/(...)(...)(...)(..)/, "$1.$2.$3-$4"));
    }
    case 8: {
      const id = brazilian(`${1 + random(8)}${d(6)}90001`, ["543298765432", "6543298765432"]);
      return random(2) === 0
        ? weak("cnpj", id)
        : strong("doc", id.replace(/(..)(...)(...)(....)(..)/, "$1.$2.$3/$4-$5"));
    }
    case 9: {
      const id = completed(date + d(3), DIGITS, (all) => digitSum(all) % 10 === 0);
      return weak("personnummer", random(2) === 0 ? id : `${id.slice(0, 6)}-${id.slice(6)}`);
    }
    case 10: {
      const day = `${two(1 + random(28))}${two(1 + random(12))}${d(2)}`;
      const serial = d(3);
      const check = "0123456789ABCDEFHJKLMNPRSTUVWXY"[Number(day + serial) % 31];
      return weak("hetu", `${day}${pick(random, "-A")}${serial}${check}`);
    }
    default:
      return strong("cf", italian(random));
  }
}

function cloudKey(random: Random): string {
  const c = (count: number) => `${chars(random, BASE62, count - 2)}a7`;
  const aws = () => chars(random, `${UPPER}234567`, 16);
  return pick(random, [
    () => `AKIA${aws()}`,
    () => `ASIA${aws()}`,
    () => `AIza${c(35)}`,
    () => `${pick(random, ["ghp", "gho", "ghs", "ghu"])}_${c(36)}`,
    () => `github_pat_${c(22)}_${c(59)}`,
    () => `glpat-${c(20)}`,
    () => `xoxb-${digits(random, 12)}-${digits(random, 12)}-${c(24)}`,
    () => `sk_live_${c(24)}`,
    () => `rk_test_${c(24)}`,
    () => `npm_${c(36)}`,
    () => `sk-${c(48)}`,
    () => `sk-proj-${c(60)}`,
    () => `SG.${c(22)}.${c(43)}`,
    () => `GOCSPX-${c(28)}`,
    () => `hf_${c(34)}`,
  ])();
}

function privateKey(random: Random): Planted {
  const label = pick(random, [
    "RSA PRIVATE KEY",
    "PRIVATE KEY",
    "EC PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
  ]);
  const body = Array.from({ length: 3 + random(6) }, () => chars(random, BASE64, 64));
  const secret = body[1];
  const pem = [`-----BEGIN ${label}-----`, ...body, `-----END ${label}-----`].join("\n");
  const cut = pem.slice(0, pem.length - 40 - random(60));
  const der = `MIIE${chars(random, BASE64, 2)}IBAAKCAQEA${chars(random, BASE62, 40)}\n${body.join("\n")}`;
  const line = pick(random, [
    `${words(random)} ${pem}`,
    pem.replaceAll("\n", "\\n"),
    JSON.stringify({ message: `loaded ${pem}` }),
    JSON.stringify({ message: JSON.stringify({ pem }) }),
    JSON.stringify({ text: `loaded ${pem}` }).slice(0, -60),
    cut,
    `cert="${cut.replaceAll("\n", "\\n")}" n=1`,
    der,
  ]);
  return { kind: "private_key", line, planted: secret };
}

export function plantedIdentity(random: Random): Planted {
  switch (random(5)) {
    case 0: {
      const value = internationalPhone(random);
      const line = around(random, "contact", value);
      const isEncoded = line.startsWith("GET");
      return { kind: "phone", line, planted: isEncoded ? encodeURIComponent(value) : value };
    }
    case 1:
      return nationalPhone(random);
    case 2: {
      const { key, value, isStrong } = nationalId(random);
      if (value === "") return plantedIdentity(random);
      const text = words(random);
      const line = isStrong
        ? around(random, "field", value)
        : pick(random, [
            `${text} ${key} ${value} ${words(random)}`,
            `${text}: ${key.toUpperCase()}: ${value}, n=1`,
            JSON.stringify({ user: { [key]: value } }),
            JSON.stringify({ message: JSON.stringify({ [key]: value, n: 1 }) }),
            `level=info ${key}="${value}" msg="${text}"`,
            `GET /a?x=1&${key}=${encodeURIComponent(value)}&y=2 HTTP/1.1`,
          ]);
      return { kind: "national_id", line, planted: line.startsWith("GET") ? encodeURIComponent(value) : value };
    }
    case 3: {
      const value = cloudKey(random);
      return { kind: "cloud_key", line: around(random, "field", value), planted: value };
    }
    default:
      return privateKey(random);
  }
}

/** Fields without anything of the kinds above, in shapes that come near to them. */
function nearMiss(random: Random): string {
  const d = (count: number) => digits(random, count);
  return pick(random, [
    () => `[02/Mar/2026:10:00:${d(2)} +0${random(9)}00] "GET`,
    () => `2026-03-02 10:00:${d(2)} +1${random(5)}00 ${d(5)}`,
    () => `2026-03-02T10:00:${d(2)}.${d(6)}+0530`,
    () => `delta=+${d(5)} drift +${d(3)}ms`,
    () => `@@ -${d(3)},${d(1)} +${d(4)},${d(2)} @@`,
    () => `at 17${d(8)} for ${d(9)}`,
    () => `user_id=${d(11)}`,
    () => `"id":${d(9)},"seq":${d(10)}`,
    () => `account ${d(8)}X rev ${d(6)}A`,
    () => `version 1.${d(2)}.${d(3)}.${d(3)} build ${d(4)}.${d(2)}.${d(3)}`,
    () => `lot ${d(6)}-${d(4)}`,
    () => `part ${d(3)}-${d(2)}-${d(4)}`,
    () => `sku ${chars(random, UPPER, 2)}${d(6)}${pick(random, "ABCD")}`,
    () => `digest ${chars(random, BASE64, 86)}==`,
    () => `integrity="sha512-${chars(random, BASE64, 86)}=="`,
    () => `a+${d(10)}/${chars(random, BASE64, 20)}`,
    () => `class="sk-circle-fade-${d(2)} sk-loading-indicator-${d(4)}-with-name-${d(6)}"`,
    () => `npm_config_registry npm_package_version=${d(1)}.${d(2)}`,
    () => `pod web-${chars(random, `${UPPER.toLowerCase()}${DIGITS}`, 9)}-${chars(random, UPPER.toLowerCase(), 5)}`,
    () => "-----BEGIN CERTIFICATE-----",
    () => `-----BEGIN PUBLIC KEY-----\\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA${chars(random, BASE64, 64)}`,
    () => `ticket ${chars(random, UPPER, 4)}-${d(4)} AKIRA${chars(random, UPPER, 8)}`,
    () => `range ${d(3)} ${d(3)} ${d(3)} of 12 ${d(3)} ${d(3)} ${d(3)}`,
    () => `ip ${d(2)}.${d(2)}.${d(2)}.${d(2)}:${d(4)} bytes ${d(14)}`,
    () => `request ${d(15)} took ${d(12)}ns`,
    () => `mobile=true tel_count=${d(7)} phone_id=${d(9)}`,
  ])();
}

export function cleanIdentityLine(random: Random): string {
  return `${words(random)} ${nearMiss(random)} ${decoy(random)} ${nearMiss(random)} ${words(random)}`;
}
