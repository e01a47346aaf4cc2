import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { link, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { WeirError } from "../model/errors.ts";
import { makeFolder } from "../runtime/folder.ts";

/**
 * Encryption of raw records at rest: they are not masked yet, and the store does not wipe what it frees.
 * AES-256-GCM, a fresh nonce each; sealed = nonce (12 bytes), tag (16), ciphertext. `place` is authenticated, so that
 * a chunk can't be put in another's place.
 */
export interface Seal {
  /** Bytes that sealing adds. */
  readonly overheadBytes: number;
  seal(plain: Buffer, place: string): Buffer;
  /** Throws JOURNAL_UNREADABLE when the key or the place is another one, or the bytes were changed. */
  unseal(sealed: Buffer, place: string): Buffer;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Opens the key in KEYS/journal.key (0600), made once, whoever comes first. */
export async function openSeal(keysDir: string): Promise<Seal> {
  makeFolder(keysDir, 0o700);
  const path = join(keysDir, "journal.key");
  const key = (await readKey(path)) ?? (await makeKey(path));
  return {
    overheadBytes: NONCE_BYTES + TAG_BYTES,
    seal(plain, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
      const body = cipher.update(plain);
      cipher.final();
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    unseal(sealed, place) {
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        })
          .setAAD(Buffer.from(place))
          .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const plain = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
        decipher.final();
        return plain;
      } catch (error) {
        const message = `Raw records in the journal can't be decrypted: ${path} is not the key they were written with, or the journal is damaged.`;
        throw new WeirError("JOURNAL_UNREADABLE", message, { cause: error });
      }
    },
  };
}

async function readKey(path: string): Promise<Buffer | null> {
  let key: Buffer;
  try {
    key = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  if (key.length === KEY_BYTES) return key;
  throw new WeirError(
    "JOURNAL_UNREADABLE",
    `${path} holds ${key.length} bytes where a key has ${KEY_BYTES}; restore it.`,
  );
}

/** Writes the key beside its place and links it there, so that nobody ever reads half a key or replaces one. */
async function makeKey(path: string): Promise<Buffer> {
  const key = randomBytes(KEY_BYTES);
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(fresh, "wx", 0o600);
  try {
    await file.writeFile(key);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(fresh, path);
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return (await readKey(path)) as Buffer;
  } finally {
    await unlink(fresh);
  }
}
