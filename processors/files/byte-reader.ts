import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { WeirError } from "../model/errors.ts";

/** Bytes by position: a plain file, an inflated archive, a spool. */
export interface ByteReader {
  /** Fills target[at, at + length) or a part of it from a position on; resolves to the bytes read, 0 at the end. */
  read(position: number, target: Buffer, at: number, length: number): Promise<number>;
  /** Whether whoever writes makes a pause at a position, so that reading there would wait. Absent: never. */
  isPausedAt?(position: number): Promise<boolean>;
  /** How far the medium was read, in its own bytes (compressed ones for an archive): for progress. */
  readonly mediumBytes: number;
  close(): Promise<void>;
}

/** A plain file. Throws SOURCE_TRUNCATED when it has become shorter than the position. */
export function plainReader(path: string, file: FileHandle): ByteReader {
  let mediumBytes = 0;
  return {
    get mediumBytes() {
      return mediumBytes;
    },
    async read(position, target, at, length) {
      const { bytesRead } = await file.read(target, at, length, position).catch((error) => {
        throw unreadable(path, error);
      });
      if (bytesRead === 0 && position > 0 && (await file.stat()).size < position) {
        throw new WeirError(
          "SOURCE_TRUNCATED",
          `${path} was cut to fewer than the ${position} bytes read so far; open it again to load what it holds now.`,
        );
      }
      mediumBytes = position + bytesRead;
      return bytesRead;
    },
    close: () => file.close(),
  };
}

/** Opens a regular file. Throws SOURCE_NOT_FOUND, SOURCE_UNREADABLE. */
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
