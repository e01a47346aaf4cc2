import { createWriteStream } from "node:fs";
import { chmod, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Files that hold an insert's data while the engine reads them. */
export interface Spool {
  /** Writes the pieces, hands the path to `use`, and deletes the file whatever happens. */
  withPieces<T>(pieces: readonly Uint8Array[], use: (path: string) => Promise<T>): Promise<T>;
  /** The same for a stream. `use` is told how many bytes came. Throws a RangeError above `bytesMax`. */
  withStream<T>(
    stream: NodeJS.ReadableStream,
    bytesMax: number,
    use: (path: string, bytes: number) => Promise<T>,
  ): Promise<T>;
}

/** Opens DIR/tmp, emptied of what a killed process left. Only the process that holds the store may do this. */
export async function openSpool(dir: string): Promise<Spool> {
  const folder = join(dir, "tmp");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  let written = 0;
  const nextPath = () => join(folder, `insert-${++written}`);

  async function withFile<T>(path: string, write: () => Promise<number>, use: (bytes: number) => Promise<T>) {
    try {
      return await use(await write());
    } finally {
      await rm(path, { force: true });
    }
  }

  return {
    withPieces(pieces, use) {
      const path = nextPath();
      return withFile(
        path,
        () => writePieces(path, pieces),
        () => use(path),
      );
    },
    withStream(stream, bytesMax, use) {
      const path = nextPath();
      return withFile(
        path,
        () => writeStream(path, stream, bytesMax),
        (bytes) => use(path, bytes),
      );
    },
  };
}

async function writePieces(path: string, pieces: readonly Uint8Array[]): Promise<number> {
  const file = await open(path, "wx", 0o600);
  try {
    let bytes = 0;
    for (const piece of pieces) {
      await file.writeFile(piece);
      bytes += piece.length;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function writeStream(path: string, stream: NodeJS.ReadableStream, bytesMax: number): Promise<number> {
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) done(new RangeError(`more than ${bytesMax} bytes`));
      else done(null, chunk);
    },
  });
  await pipeline(stream, count, createWriteStream(path, { flags: "wx", mode: 0o600 }));
  return bytes;
}
