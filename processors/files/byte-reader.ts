import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { WeirError } from "../model/errors.ts";

/** Bytes by position: a plain file, an inflated archive, a spool. */
export interface ByteReader {
  /** Fills target[at, at + length) or a part of it from a position on; resolves to the bytes read, 0 at the end. */
  read(position: number, target: Buffer, at: number, length: number): Promise<number>;
  /** How many bytes there are from a position on, as far as that is known before reading. Absent: never. */
  bytesAfter?(position: number): Promise<number>;
  /** Whether whoever writes makes a pause at a position, so that reading there would wait. Absent: never. */
  isPausedAt?(position: number): Promise<boolean>;
  /** How far the medium was read, in its own bytes (compressed ones for an archive): for progress. */
  readonly mediumBytes: number;
  close(): Promise<void>;
}

/** Last bytes before a position that must still be there when reading goes on. */
const TAIL_BYTES = 64;

/** What is known to stand before a position. */
export interface Before {
  readonly position: number;
  readonly tail: Buffer;
}

/**
 * A plain file. Throws SOURCE_TRUNCATED when it has become shorter than the position, and when what stands before it is
 * not what was read there: a file that is cut and written anew may have grown past the position by the next look.
 */
export function plainReader(path: string, use: () => Promise<FileHandle>, known: Before | null = null): ByteReader {
  let mediumBytes = 0;
  let before: Before | null = known === null ? null : { ...known, tail: known.tail.subarray(-TAIL_BYTES) };
  return {
    get mediumBytes() {
      return mediumBytes;
    },
    bytesAfter: async (position) => Math.max(0, (await (await use()).stat()).size - position),
    async read(position, target, at, length) {
      const file = await use();
      const expected = before?.position === position ? before.tail : NO_BYTES;
      const found = Buffer.allocUnsafe(expected.length);
      const into = target.subarray(at, at + length);
      // In one call, so that nobody cuts the file in between.
      const { bytesRead } = await file.readv([found, into], position - expected.length).catch((error) => {
        throw unreadable(path, error);
      });
      const count = Math.max(0, bytesRead - expected.length);
      if (bytesRead < expected.length || !found.equals(expected)) throw truncated(path, position);
      if (count === 0 && position > 0 && (await file.stat()).size < position) throw truncated(path, position);
      if (count > 0) {
        const tail =
          count >= TAIL_BYTES
            ? Buffer.from(into.subarray(count - TAIL_BYTES, count))
            : Buffer.concat([expected.subarray(-(TAIL_BYTES - count)), into.subarray(0, count)]);
        before = { position: position + count, tail };
      }
      mediumBytes = position + count;
      return count;
    },
    close: async () => {},
  };
}

const NO_BYTES = Buffer.alloc(0);

function truncated(path: string, position: number): WeirError {
  return new WeirError(
    "SOURCE_TRUNCATED",
    `${path} was cut or written anew before byte ${position}, up to which it was read; what it holds now is another log.`,
  );
}

/** Opens a regular file. Whoever gets it closes it. Throws SOURCE_NOT_FOUND, SOURCE_UNREADABLE. */
export async function openRegular(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(path, error);
    throw new WeirError("SOURCE_NOT_FOUND", `There is no file ${path}; check the name.`, { cause: error });
  }
  const stat = await file.stat();
  if (stat.isFile()) return file;
  await file.close();
  const what = stat.isDirectory() ? "a directory; name the files in it" : "not a regular file; pipe it into `-`";
  throw new WeirError("SOURCE_UNREADABLE", `${path} is ${what}.`);
}

export function unreadable(path: string, error: unknown): WeirError {
  const reason = (error as NodeJS.ErrnoException).code ?? String(error);
  return new WeirError("SOURCE_UNREADABLE", `${path} can't be read (${reason}); check its permissions and the disk.`, {
    cause: error,
  });
}
