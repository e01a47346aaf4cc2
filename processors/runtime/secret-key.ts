import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { WeirError } from "../model/errors.ts";
import type { Config } from "./config.ts";
import { makeFolder } from "./folder.ts";
import { printable } from "./terminal.ts";

const KEY_BYTES = 32;

/** What a key's text must be, for error messages. */
export const KEY_TEXT_RULE = "64 to 1024 hexadecimal digits, an even number";

export function isKeyText(text: string): boolean {
  return /^([0-9a-fA-F]{2}){32,512}$/.test(text);
}

/** The key of pseudonyms: WEIR_MASK_KEY, else mask.key_file, else keys/mask.key beside the store, made if it is missing. */
export function loadMaskKey(config: Config): Buffer {
  const { keyHex, keyFile } = config.mask;
  if (keyHex !== null) return Buffer.from(keyHex, "hex");
  if (keyFile !== null) return loadKey(keyFile);
  return loadOrCreateKey(join(config.data.directory, "keys", "mask.key"));
}

/**
 * The key in a file. If there is no file, one with 32 random bytes in hexadecimal is made (mode 0600, its folder
 * 0700); of several processes that do so at once, all get the same key.
 *
 * Throws CONFIG_INVALID if the file holds no key or others may read it, CONFIG_UNREADABLE if it can't be read or made.
 */
export function loadOrCreateKey(path: string): Buffer {
  try {
    return loadKey(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    createKey(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    const remedy = "check the folder's permissions, or set WEIR_MASK_KEY";
    throw new WeirError("CONFIG_UNREADABLE", `The key file ${printable(path)} can't be made (${code}); ${remedy}.`, {
      cause,
    });
  }
  return loadKey(path);
}

/** The key in a file that must exist. Throws as `loadOrCreateKey` does. */
export function loadKey(path: string): Buffer {
  let mode: number;
  let text: string;
  try {
    const descriptor = openSync(path, "r");
    try {
      mode = fstatSync(descriptor).mode;
      text = readFileSync(descriptor, "latin1").trim();
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    throw new WeirError(
      "CONFIG_UNREADABLE",
      `The key file ${printable(path)} can't be read (${code}); check the path and its permissions.`,
      { cause },
    );
  }
  // The group may read: Kubernetes gives mounted secrets to a group.
  if ((mode & 0o027) !== 0) {
    const bits = (mode & 0o777).toString(8).padStart(4, "0");
    throw new WeirError(
      "CONFIG_INVALID",
      `The key file ${printable(path)} is open to other users (mode ${bits}); run chmod 600 on it, and replace the key if others may have read it.`,
    );
  }
  if (!isKeyText(text)) {
    throw new WeirError(
      "CONFIG_INVALID",
      `The key file ${printable(path)} holds no key (${KEY_TEXT_RULE}); restore it from a backup, or remove it to start with a new key.`,
    );
  }
  return Buffer.from(text, "hex");
}

function isMissing(error: unknown): boolean {
  return error instanceof WeirError && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

/** Written whole under another name first, then linked: nobody ever reads half a key, and the first one wins. */
function createKey(path: string): void {
  const folder = dirname(path);
  makeFolder(folder, 0o700);
  const draft = `${path}.${process.pid}.${randomBytes(6).toString("hex")}`;
  const descriptor = openSync(draft, "wx", 0o600);
  try {
    writeFileSync(descriptor, `${randomBytes(KEY_BYTES).toString("hex")}\n`);
    fsyncSync(descriptor);
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    closeSync(descriptor);
    unlinkSync(draft);
  }
  syncFolder(folder);
}

/** Makes the new name survive a power cut: pseudonyms under a lost key would never match again. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
