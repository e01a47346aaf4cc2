import { createHmac, hash } from "node:crypto";
import { flatCopy } from "../model/dictionary.ts";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const VALUES_REMEMBERED_MAX = 4096;

/**
 * Names for values: `<kind:` + the first 64 bits of HMAC-SHA256 in hex + `>`. The key is derived per tenant, so the same
 * value has the same digits everywhere within a tenant, and unrelated ones in the next. The kind isn't hashed: a value that
 * is an address here and a denied field there has the same digits in both. In place of digits whose SHA-256 was erased
 * stands `withheld`.
 */
export function createPseudonym(
  key: Uint8Array,
  tenant: string,
  erased: ReadonlySet<string> | null,
): (kind: string, value: string) => string {
  const digest = createShortHmac(createHmac("sha256", key).update(`tenant:${tenant}`).digest());
  const known = new Map<string, string>();
  return function pseudonym(kind, value) {
    let bits = known.get(value);
    if (bits === undefined) {
      bits = digest(value);
      if (erased?.has(hash("sha256", bits, "hex"))) bits = "withheld";
      if (known.size >= VALUES_REMEMBERED_MAX) known.clear();
      // A copy: the value may be a slice of the batch's text, which would stay as long as it.
      known.set(flatCopy(value), bits);
    }
    return `<${kind}:${bits}>`;
  };
}

/**
 * The first 64 bits, in hex, of HMAC-SHA256 (RFC 2104) of a text's UTF-8 bytes, for a key of 32 bytes. Written with two
 * plain hashes, because making an Hmac object takes five times as long as both.
 */
function createShortHmac(key: Uint8Array): (value: string) => string {
  const inner = Buffer.alloc(BLOCK_BYTES + 1024, key);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, key);
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte = i < key.length ? key[i] : 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  return function shortHmac(value) {
    const size = Buffer.byteLength(value);
    const message = size <= inner.length - BLOCK_BYTES ? inner : Buffer.alloc(BLOCK_BYTES + size, inner);
    message.write(value, BLOCK_BYTES);
    outer.latin1Write(hash("sha256", message.subarray(0, BLOCK_BYTES + size), "binary"), BLOCK_BYTES);
    return hash("sha256", outer, "hex").slice(0, 16);
  };
}
