import {
  ALNUM,
  CLASSES,
  DASH,
  DOT,
  type Find,
  HEX,
  hasWordAt,
  isFreeBefore,
  type Scan,
  secretFind,
  WORD,
} from "./characters.ts";

/** What a key that a provider marks looks like after its mark. */
interface Mark {
  /** The mark up to and with the byte that wakes the detector. */
  readonly text: string;
  readonly class: number;
  readonly sizeMin: number;
  readonly sizeMax: number;
}

/** The published shapes; a key may be longer than it is today, where its class allows it. */
const UNDERSCORE_MARKS = (
  "ghp_:36 gho_:36 ghu_:36 ghs_:36 ghr_:36 github_pat_:36w sk_live_:16 sk_test_:16 rk_live_:16 rk_test_:16 whsec_:24 npm_:36 hf_:30 " +
  "dckr_pat_:24w dop_v1_:64h doo_v1_:64h dor_v1_:64h shpat_:32h shpss_:32h shpca_:32h shppa_:32h lin_api_:32 glsa_:32w nvapi_:40w " +
  "dp_pt_:40 pul_:40h r8_:36 sbp_:40h rubygems_:48h sntrys_:40w figd_:40w"
).split(" ");
const DASH_MARKS = (
  "glpat-:20w gldt-:20w glrt-:20w glcbt-:20w glptt-:20w glsoat-:20w glft-:20w glagent-:40w GOCSPX-:28w sk-proj-:32w sk-ant-:32w " +
  "sk-svcacct-:32w sk-or-:32w sk-:32 xoxb-:24w xoxp-:24w xoxa-:24w xoxr-:24w xoxs-:24w xoxe-:24w xapp-:24w pypi-:60w"
).split(" ");

function marksOf(entries: readonly string[]): readonly Mark[] {
  return entries.map((entry) => {
    const [text, size] = entry.split(":");
    const bits = size.endsWith("w") ? WORD : size.endsWith("h") ? HEX : ALNUM;
    return { text, class: bits, sizeMin: Number.parseInt(size, 10), sizeMax: 1024 };
  });
}

/** The marks by the byte before their last one. */
function byTail(marks: readonly Mark[]): readonly (readonly Mark[] | undefined)[] {
  const table: Mark[][] = new Array(256);
  for (const mark of marks) {
    const tail = mark.text.charCodeAt(mark.text.length - 2);
    table[tail] = [...(table[tail] ?? []), mark];
  }
  return table;
}

const AFTER_UNDERSCORE = byTail(marksOf(UNDERSCORE_MARKS));
const AFTER_DASH = byTail(marksOf(DASH_MARKS));

/** Bit 1 for "_", bit 2 for "-", by the low five bits of the two bytes before. */
const TAILS = new Uint8Array(1024);
for (const mark of [...UNDERSCORE_MARKS, ...DASH_MARKS]) {
  const [a, b, last] = [...mark.split(":")[0]].slice(-3).map((char) => char.charCodeAt(0));
  TAILS[((a & 31) << 5) | (b & 31)] |= last === DASH ? 2 : 1;
}

/** Whether a mark may end with `last`, "_" or "-", after these two bytes. */
export function isMarkTail(a: number, b: number, last: number): boolean {
  return (TAILS[((a & 31) << 5) | (b & 31)] & (last === DASH ? 2 : 1)) !== 0;
}

/** A key of GitHub, GitLab, Slack, Stripe, npm and the like, by the mark that ends with the `_` or `-` at `at`. */
export function markedKeyAt(scan: Scan, at: number): Find | null {
  const { bytes, floor } = scan;
  if (at === 0) return null;
  const marks = (bytes[at] === DASH ? AFTER_DASH : AFTER_UNDERSCORE)[bytes[at - 1]];
  if (marks === undefined || (CLASSES[bytes[at + 1]] & WORD) === 0) return null;
  for (const { text, class: bits, sizeMin, sizeMax } of marks) {
    const begin = at + 1 - text.length;
    if (begin < floor || !isWritten(bytes, begin, text) || !isFreeStart(scan, begin)) continue;
    const end = classEnd(bytes, at + 1, bits, sizeMax);
    if (end - at - 1 < sizeMin || !isMixed(bytes, at + 1, end)) continue;
    return secretFind("cloud_key", begin, classEnd(bytes, end, WORD, sizeMax));
  }
  return null;
}

/** AWS access key ids (AKIA…, ASIA…) and Google API keys (AIza…), from their "A" on. */
export function capitalKeyAt(scan: Scan, at: number): Find | null {
  const { bytes } = scan;
  const isAws = (bytes[at + 1] === 0x4b || bytes[at + 1] === 0x53) && bytes[at + 2] === 0x49 && bytes[at + 3] === 0x41;
  if (isAws) {
    let end = at + 4;
    while ((bytes[end] >= 0x41 && bytes[end] <= 0x5a) || (bytes[end] >= 0x32 && bytes[end] <= 0x37)) end++;
    if (end - at !== 20 || (CLASSES[bytes[end]] & ALNUM) !== 0 || !isFreeBefore(scan, at)) return null;
    return secretFind("cloud_key", at, end);
  }
  if (!isWritten(bytes, at, "AIza") || !isFreeStart(scan, at)) return null;
  const end = classEnd(bytes, at + 4, WORD, 64);
  return end - at === 39 && isMixed(bytes, at + 4, end) ? secretFind("cloud_key", at, end) : null;
}

/** SendGrid's keys, SG. + 22 + . + 43 characters, from their "S" on. */
export function sendGridKeyAt(scan: Scan, at: number): Find | null {
  const { bytes } = scan;
  if (bytes[at + 1] !== 0x47 || bytes[at + 2] !== DOT || !isFreeStart(scan, at)) return null;
  const middle = classEnd(bytes, at + 3, WORD, 64);
  if (middle - at < 19 || bytes[middle] !== DOT) return null;
  const end = classEnd(bytes, middle + 1, WORD, 128);
  return end - middle > 38 ? secretFind("cloud_key", at, end) : null;
}

function isWritten(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function isFreeStart(scan: Scan, begin: number): boolean {
  return isFreeBefore(scan, begin) && (begin <= scan.floor || scan.bytes[begin - 1] !== DASH);
}

function classEnd(bytes: Uint8Array, begin: number, bits: number, sizeMax: number): number {
  let end = begin;
  while (end - begin < sizeMax && (CLASSES[bytes[end]] & bits) !== 0) end++;
  return end;
}

/** Made by a machine: letters and digits, not `sk-loading-indicator-with-a-long-name`. */
function isMixed(bytes: Uint8Array, begin: number, end: number): boolean {
  let digits = 0;
  let letters = 0;
  for (let i = begin; i < end; i++) {
    if (bytes[i] >= 0x30 && bytes[i] <= 0x39) digits++;
    else if ((CLASSES[bytes[i]] & ALNUM) !== 0) letters++;
  }
  return letters > 0 && (digits > 0 || letters > 24) && letters + digits >= 16;
}

/** The signature of an Azure URL (`&sig=…%3D`) after the "=" at `at`: base64 of 32 bytes. */
export function azureSignatureAt(scan: Scan, at: number): Find | null {
  const { bytes, floor } = scan;
  if (at - 4 < floor || !hasWordAt(bytes, at - 3, "sig")) return null;
  const before = bytes[at - 4];
  if (before !== 0x26 && before !== 0x3f) return null;
  let end = at + 1;
  let size = 0;
  for (; end - at < 160; size++) {
    if ((CLASSES[bytes[end]] & ALNUM) !== 0 || bytes[end] === 0x2b || bytes[end] === 0x2f || bytes[end] === 0x3d) end++;
    else if (bytes[end] === 0x25) end += 3;
    else break;
  }
  return size === 44 ? secretFind("cloud_key", at + 1, Math.min(end, scan.length)) : null;
}
