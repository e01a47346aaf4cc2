import type { FileHandle } from "node:fs/promises";
import { WeirError } from "../model/errors.ts";
import type { Standing } from "./append-times.ts";
import { isBinary } from "./binary.ts";
import { type Before, type ByteReader, openRegular, plainReader } from "./byte-reader.ts";
import { EMPTY_FINGERPRINT, extended, type Fingerprint } from "./fingerprint.ts";
import { type Container, containerOf, inflatedReader } from "./inflate.ts";
import { siblingsOf } from "./siblings.ts";

/** A file, plain or compressed, as the stream of its content. */
export interface OpenedFile {
  readonly path: string;
  readonly container: Container;
  /** "device:inode". */
  readonly inode: string;
  /** Microseconds since the epoch. */
  readonly mtimeUs: number;
  /** Size on disk now. */
  sizeBytes(): Promise<number>;
  /** Size and mtime at one moment. */
  standing(): Promise<Standing>;
  /** Its first bytes, inflated, at most `bytesMax`. */
  sample(bytesMax: number): Promise<Buffer>;
  /** Another reader of the content, for one user at a time; one that goes on is told what it must find before it. */
  open(before?: Before): Promise<ByteReader>;
  /** Lets go of the handle while nobody reads; the next use takes a new one, under whatever name the file has then. */
  rest(): Promise<void>;
  readonly isResting: boolean;
  close(): Promise<void>;
}

/** Throws SOURCE_NOT_FOUND, SOURCE_UNREADABLE; what uses it after a rest also SOURCE_TRUNCATED, when the file is gone. */
export async function openFile(path: string): Promise<OpenedFile> {
  let file: FileHandle | null = await openRegular(path);
  try {
    const { dev, ino, mtimeNs } = await file.stat({ bigint: true });
    const magic = Buffer.alloc(4);
    const { bytesRead } = await file.read(magic, 0, magic.length, 0);
    const container = containerOf(magic.subarray(0, bytesRead));
    const inode = `${dev}:${ino}`;
    let finding: Promise<FileHandle> | null = null;
    const use = async () => {
      if (file !== null) return file;
      finding ??= findAgain(path, inode).finally(() => {
        finding = null;
      });
      file = await finding;
      return file;
    };
    const open = async (before?: Before) =>
      container === "plain" ? plainReader(path, use, before) : inflatedReader(path, container);
    return {
      path,
      container,
      inode,
      mtimeUs: Number(mtimeNs / 1000n),
      sizeBytes: async () => (await (await use()).stat()).size,
      async standing() {
        const { size, mtimeNs } = await (await use()).stat({ bigint: true });
        return { sizeBytes: Number(size), mtimeUs: Number(mtimeNs / 1000n) };
      },
      open,
      async sample(bytesMax) {
        const reader = await open();
        try {
          return await sampleOf(reader, bytesMax);
        } finally {
          await reader.close();
        }
      },
      get isResting() {
        return file === null;
      },
      async rest() {
        const resting = file;
        file = null;
        await resting?.close();
      },
      close: async () => file?.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A file that was opened before, by its inode: at its path, or beside it where rotation moved it. */
async function findAgain(path: string, inode: string): Promise<FileHandle> {
  for (const candidate of [path, ...(await siblingsOf(path))]) {
    const file = await openRegular(candidate).catch(() => null);
    if (file === null) continue;
    const { dev, ino } = await file.stat({ bigint: true });
    if (`${dev}:${ino}` === inode) return file;
    await file.close();
  }
  throw new WeirError("SOURCE_TRUNCATED", `${path} was replaced or deleted before it was read to its end.`);
}

/** Whether a file, inflated, is no text. */
export async function isBinaryFile(path: string): Promise<boolean> {
  const file = await openFile(path);
  try {
    return isBinary(await file.sample(BINARY_SAMPLE_BYTES));
  } finally {
    await file.close();
  }
}

const BINARY_SAMPLE_BYTES = 4096;

async function sampleOf(reader: ByteReader, bytesMax: number): Promise<Buffer> {
  const bytes = Buffer.alloc(bytesMax);
  let count = 0;
  try {
    for (let got = -1; got !== 0 && count < bytesMax; count += got) {
      got = await reader.read(count, bytes, count, bytesMax - count);
    }
  } catch (error) {
    // What comes before a damage is read; whoever reads on meets the error again.
    if (count === 0 || !(error instanceof WeirError && error.code === "SOURCE_CORRUPT")) throw error;
  }
  return bytes.subarray(0, count);
}

const SCAN_BYTES = 1 << 20;

/**
 * Fingerprint of the bytes before `to`, going on from one of those before `from`. `length` says whether the content
 * ends before `to`, at it, or goes on.
 */
export async function scan(
  reader: ByteReader,
  to: number,
  from = 0,
  known: Fingerprint = EMPTY_FINGERPRINT,
): Promise<{ fingerprint: Fingerprint; position: number; length: "shorter" | "equal" | "longer" }> {
  const buffer = Buffer.allocUnsafeSlow(SCAN_BYTES);
  let fingerprint = known;
  let position = from;
  try {
    while (position < to) {
      const got = await reader.read(position, buffer, 0, Math.min(SCAN_BYTES, to - position));
      if (got === 0) return { fingerprint, position, length: "shorter" };
      fingerprint = extended(fingerprint, buffer.subarray(0, got));
      position += got;
    }
    const more = await reader.read(position, buffer, 0, 1);
    return { fingerprint, position, length: more === 0 ? "equal" : "longer" };
  } catch (error) {
    if (!(error instanceof WeirError && error.code === "SOURCE_CORRUPT")) throw error;
    // A damaged copy is compared as far as it can be read; what follows is not known to be nothing.
    return { fingerprint, position, length: position < to ? "shorter" : "longer" };
  }
}
