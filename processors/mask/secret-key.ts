import { hasWordAt } from "./characters.ts";

/** No secret. */
export const PLAIN = 0;
/** Always a secret: passwords, API keys, private keys. */
export const SECRET = 1;
/** Secret where a machine writes it; in prose ("token: …") only if the value looks like a token. */
export const TOKEN = 2;
/** As TOKEN, but the word is so common in prose that the value must be long there: "auth: …", "session: …". */
export const SESSION = 3;
/** As SESSION, with values of the form "a=b; c=d". */
export const COOKIE = 4;

export type KeyKind = typeof PLAIN | typeof SECRET | typeof TOKEN | typeof SESSION | typeof COOKIE;

const SECRETS = [
  /(?:password|passwd|passphrase|passcode|secret|credentials?)$/,
  /password_?(?:confirm|confirmation|hash)$/,
  /(?:^|_|user|db|my)pwd$/,
  /(?:^|_)(?:cvv|cvc)$/,
  /(?:^|_)(?:db|user|smtp|redis|mysql|postgres|pg|admin|root|ftp|ldap|mongo|rabbitmq|proxy|keystore|truststore|key)_?pass$/,
  /(?:api|access|private|secret|auth|encryption|signing|master|session|account|storage|subscription)_?key$/,
  /access_?key_?id$/,
  /(?:amz|goog)_?signature$/,
];
const TOKENS = /(?:token|authorization|(?:^|_)jwt)$/;
/** Tokens of paging, parsing and threading open nothing. */
const HARMLESS_TOKENS =
  /(?:page|next|continuation|cancell?ation|pagination|cursor|sync|marker|stop|eos|bos|pad)_?token$/;
const SESSIONS = /(?:(?:^|_)o?auth|(?:^|_)session|sess(?:ion)?_?id)$/;
const COOKIES = /(?:^|_)cookies?$/;

/**
 * What the last segment of a key says about its value: `user.password`, `http.request.headers.authorization`,
 * `userPassword`, `X-Api-Key`, `user[password]` and `tokens.token.0` are secret, `author`, `tokens_used` and
 * `session_count` are not, because it is the last word that names the thing.
 */
export function keyKind(key: string): KeyKind {
  const segments = key.split(/[.[\]:/\s"']/);
  let last = segments.length - 1;
  while (last > 0 && /^\d*$/.test(segments[last])) last--;
  const words = segments[last]
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
  if (SECRETS.some((pattern) => pattern.test(words))) return SECRET;
  if (TOKENS.test(words)) return HARMLESS_TOKENS.test(words) ? PLAIN : TOKEN;
  if (SESSIONS.test(words)) return SESSION;
  return COOKIES.test(words) ? COOKIE : PLAIN;
}

const KEY_LENGTH_MAX = 128;
const KEYS_REMEMBERED_MAX = 2048;

/** `keyKind`, remembered per key: the same few keys come again and again. Keys of more than 128 characters are cut. */
export function createKeyKind(): (key: string) => KeyKind {
  const known = new Map<string, KeyKind>();
  return function knownKeyKind(key) {
    let kind = known.get(key);
    if (kind === undefined) {
      kind = keyKind(key.length > KEY_LENGTH_MAX ? key.slice(-KEY_LENGTH_MAX) : key);
      if (known.size >= KEYS_REMEMBERED_MAX) known.clear();
      if (key.length <= KEY_LENGTH_MAX) known.set(key, kind);
    }
    return kind;
  };
}

/** How every secret key ends, so that a look at the last bytes passes over nearly all other keys. */
const ENDINGS = (
  "password passwd passphrase passcode secret credential credentials confirm confirmation password_hash passwordhash " +
  "password-hash pwd cvv cvc pass key key_id keyid key-id signature token authorization jwt auth session session_id " +
  "sessionid session-id sess_id sessid sess-id cookie cookies"
).split(" ");

/** The endings by the low five bits of their last three letters. */
const ENDINGS_BY_TAIL: (readonly string[] | undefined)[] = new Array(1 << 15).fill(undefined);
for (const ending of ENDINGS) {
  const tail = tailOf(
    ending.charCodeAt(ending.length - 3),
    ending.charCodeAt(ending.length - 2),
    ending.charCodeAt(ending.length - 1),
  );
  ENDINGS_BY_TAIL[tail] = [...(ENDINGS_BY_TAIL[tail] ?? []), ending];
}

function tailOf(a: number, b: number, c: number): number {
  return ((a & 31) << 10) | ((b & 31) << 5) | (c & 31);
}

/** Whether the key that ends at `end` may be secret; there are at least three bytes before `end`. */
export function mayBeSecretKey(bytes: Uint8Array, end: number): boolean {
  const endings = ENDINGS_BY_TAIL[tailOf(bytes[end - 3], bytes[end - 2], bytes[end - 1])];
  if (endings === undefined) return false;
  for (const ending of endings) if (end >= ending.length && hasWordAt(bytes, end - ending.length, ending)) return true;
  return false;
}
