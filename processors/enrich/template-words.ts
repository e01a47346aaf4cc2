import {
  DIGIT,
  GLUE,
  isAlphabetic,
  isDigit,
  isHexDigit,
  isUpper,
  KINDS,
  LETTER,
  SPACE,
  tableOf,
} from "./template-bytes.ts";

/** Longer words are payload (base64, minified text), not language. */
const WORD_BYTES_MAX = 128;
const HEX_BYTES_MIN = 8;
const COUNTRY_DOTS_MIN = 2;

/** What a word is made of: one field of 8 bits per kind of byte, which a word of WORD_BYTES_MAX can't overflow. */
const ONE_DIGIT = 1;
const ONE_SLASH = 1 << 8;
const ONE_DOT = 1 << 16;
const NOT_HEX = 1 << 24;
const FACTS: Readonly<Int32Array> = Int32Array.from({ length: 256 }, (_, code) => {
  if (isDigit(code)) return ONE_DIGIT;
  if (code === 0x2e) return ONE_DOT;
  return (code === 0x2f || code === 0x5c ? ONE_SLASH : 0) | (isHexDigit(code) ? 0 : NOT_HEX);
});

/** Values that are written as words. `root` and `admin` are names of users wherever a message holds them. */
const VALUE_WORDS: readonly string[] =
  "true false True False TRUE FALSE null NULL nil None NaN undefined root admin".split(" ");
const VALUE_WORD_HEADS = tableOf((char) => VALUE_WORDS.some((word) => word.startsWith(char)));
const VALUE_WORD_ENDS = tableOf((char) => VALUE_WORDS.some((word) => word.endsWith(char)));

/** Terms of the trade that hold a digit and count nothing. */
const TERM_BYTES_MAX = 8;
const TERM_DIGITS_MAX = 3;
const TERMS: ReadonlySet<string> = new Set(
  (
    "ipv4 ipv6 ip4 ip6 inet6 tcp4 tcp6 udp4 udp6 http2 http3 h2 h2c h3 ssh1 ssh2 ssl2 ssl3 md4 md5 sha1 sha2 sha3 " +
    "sha224 sha256 sha384 sha512 crc32 base32 base64 utf8 utf-8 utf16 utf-16 latin1 x86 x86_64 x64 amd64 arm64 i386 " +
    "i686 aarch64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 oauth2 saml2 s3 ec2 k8s i18n " +
    "l10n ext2 ext3 ext4 nfs3 nfs4 raid0 raid1 raid5 raid6 win32 win64 smb1 smb2 smb3 mp3 mp4 h264 h265 aes128 " +
    "aes256 ed25519 x509 pkcs1 pkcs7 pkcs8 pkcs11 pkcs12"
  ).split(" "),
);

const HOST_ENDINGS: ReadonlySet<string> = new Set(
  "com net org edu gov mil info biz arpa local localdomain internal lan corp example test invalid".split(" "),
);
/** File names end so too, beside two-letter countries. */
const FILE_ENDINGS: ReadonlySet<string> = new Set("py rs so sh pl cc md ps ml js ts go gz db".split(" "));
/** A class or a package, not a host: `com.acme.Shop`. */
const PACKAGE_HEADS = ["com.", "org.", "net.", "io."];

const NAME_KEYS: ReadonlySet<string> = new Set(
  (
    "user username user_name ruser login logname account owner uid host hostname rhost node server client peer " +
    "path file filename dir name id key token session email addr address ip url uri"
  ).split(" "),
);

const MESSAGE_KEYS: ReadonlySet<string> = new Set("msg message err error reason cause event exception".split(" "));

/** Is this, in front of `=`, a key whose value tells what happened? */
export function isMessageKey(key: string): boolean {
  return MESSAGE_KEYS.has(key.toLowerCase());
}

/** Is this, in front of `=`, a key whose value is a name that somebody chose? */
export function isNameKey(key: string): boolean {
  return NAME_KEYS.has(key.toLowerCase());
}

/** Small letters: 1 for those that hex digits are written with, 3 for the others. */
const PLAIN = tableOf((char) => (/[a-z]/.test(char) ? (/[a-f]/.test(char) ? 1 : 3) : 0));

/**
 * End of the word that starts here if it is language beyond doubt: small letters up to a mark or a space. Most words
 * are, so this spares the time to look closer. -1 otherwise.
 */
export function endOfPlainWord(bytes: Uint8Array, begin: number): number {
  let seen = 0;
  let i = begin;
  for (let plain = PLAIN[bytes[i]]; plain !== 0; plain = PLAIN[bytes[++i]]) seen |= plain;
  if (seen !== 3 || KINDS[bytes[i]] > SPACE || bytes[i] === 0x3a) return -1;
  return VALUE_WORD_HEADS[bytes[begin]] === 1 && VALUE_WORD_ENDS[bytes[i - 1]] === 1 ? -1 : i;
}

/**
 * Where the variable part of the word [begin, end) starts; -1 if all of the word is language. It is `begin` but for a
 * name in front that stays, as in `core.2275` or `Session@5e2f`. `bytes` holds `text` and goes on behind the word.
 */
export function variableBegin(bytes: Uint8Array, text: string, begin: number, end: number): number {
  const length = end - begin;
  if (length > WORD_BYTES_MAX) return begin;
  let facts = 0;
  let notHex = 0;
  for (let i = begin; i < end; i++) {
    const fact = FACTS[bytes[i]];
    facts += fact & ~NOT_HEX;
    notHex |= fact;
  }
  const digits = facts & 0xff;
  const dots = facts >> 16;
  if (digits > 0) return numberedBegin(bytes, text, begin, end, digits);
  if ((facts & 0xff00) > ONE_SLASH) return begin;
  if (notHex < NOT_HEX && length >= HEX_BYTES_MIN && dots === 0) return begin;
  if (dots > 0) return isHost(text, begin, end, dots) ? begin : -1;
  if (VALUE_WORD_HEADS[bytes[begin]] === 0 || VALUE_WORD_ENDS[bytes[end - 1]] === 0) return -1;
  return VALUE_WORDS.includes(text.slice(begin, end)) ? begin : -1;
}

function numberedBegin(bytes: Uint8Array, text: string, begin: number, end: number, digits: number): number {
  if (KINDS[bytes[begin]] !== LETTER) return begin;
  const glue = firstGlue(bytes, begin, end);
  if (digits <= TERM_DIGITS_MAX && isIdentifier(bytes, text, begin, end, digits, glue)) return -1;
  if (glue === end) return begin;
  const at = text.indexOf("@", glue);
  if (at >= 0 && at < end) return hasUpper(bytes, begin, at) && isName(bytes, begin, at) ? at + 1 : begin;
  const keepsName = (bytes[glue] === 0x2e || bytes[glue] === 0x2d) && isAlphabetic(bytes[glue - 1]);
  if (!keepsName || !isName(bytes, begin, glue) || !isNumber(bytes, glue + 1, end)) return begin;
  return VALUE_WORDS.includes(text.slice(begin, glue)) ? begin : glue + 1;
}

/** Does a word with a few digits name one thing rather than count things? `jk2_init`, `L3`, `r24=`, `run2(`, `sha256`. */
function isIdentifier(
  bytes: Uint8Array,
  text: string,
  begin: number,
  end: number,
  digits: number,
  glue: number,
): boolean {
  if (digits <= 2 && glue === end && (bytes[end] === 0x28 || bytes[end] === 0x3d)) return true;
  if (digits === 1) {
    if (end - begin === 2) return isUpper(bytes[begin]);
    if (isInnerDigit(bytes, begin, end)) return true;
  }
  return end - begin <= TERM_BYTES_MAX && TERMS.has(text.slice(begin, end).toLowerCase());
}

/** `flush2DB`, `jk2_init`, `app.v2.api`: the digit has a letter before it and language after it. */
function isInnerDigit(bytes: Uint8Array, begin: number, end: number): boolean {
  let at = begin + 1;
  while (KINDS[bytes[at]] !== DIGIT) at++;
  if (at + 2 >= end || KINDS[bytes[at - 1]] !== LETTER) return false;
  if (KINDS[bytes[at + 1]] === LETTER) return true;
  return bytes[at - 1] === 0x76 && at >= begin + 2 && bytes[at - 2] === 0x2e && bytes[at + 1] === 0x2e;
}

function isHost(text: string, begin: number, end: number, dots: number): boolean {
  const ending = text.slice(text.lastIndexOf(".", end - 1) + 1, end);
  if (PACKAGE_HEADS.some((head) => text.startsWith(head, begin))) return false;
  if (HOST_ENDINGS.has(ending)) return true;
  return dots >= COUNTRY_DOTS_MIN && /^[a-z]{2}$/.test(ending) && !FILE_ENDINGS.has(ending);
}

function firstGlue(bytes: Uint8Array, begin: number, end: number): number {
  let i = begin;
  while (i < end && KINDS[bytes[i]] !== GLUE) i++;
  return i;
}

/** No slashes, and no digits but a single one that is part of a name. */
function isName(bytes: Uint8Array, begin: number, end: number): boolean {
  let digits = 0;
  for (let i = begin; i < end; i++) {
    if (bytes[i] === 0x2f || bytes[i] === 0x5c) return false;
    if (isDigit(bytes[i])) digits++;
  }
  return digits === 0 || (digits === 1 && isInnerDigit(bytes, begin, end));
}

function hasUpper(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (isUpper(bytes[i])) return true;
  return false;
}

function isNumber(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (!isDigit(bytes[i]) && (bytes[i] !== 0x2e || i === begin)) return false;
  return end > begin;
}
