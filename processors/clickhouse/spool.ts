import { closeSync, createWriteStream, openSync, rmSync, writeSync } from "node:fs";
import { chmod, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { makeFolder } from "../runtime/folder.ts";

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
  /** Has `fill` write a file, or none, and gives its content. The file has no name any more when this resolves. */
  withResult(fill: (path: string) => Promise<void>): Promise<Readable>;
}

/** Opens DIR/tmp, emptied of what a killed process left. Only the process that holds the store may do this. */
export async function openSpool(dir: string): Promise<Spool> {
  const folder = join(dir, "tmp");
  await rm(folder, { recursive: true, force: true });
  makeFolder(folder, 0o700);
  await chmod(folder, 0o700);
  let written = 0;
  const nextPath = () => join(folder, `data-${++written}`);

  async function withFile<T>(path: string, write: () => Promise<number>, use: (bytes: number) => Promise<T>) {
    try {
      return await use(await write());
    } finally {
      await rm(path, { force: true });
    }
  }

  return {
    async withResult(fill) {
      const path = nextPath();
      try {
        await fill(path);
        const file = await open(path).catch(() => null);
        return file === null ? Readable.from([]) : file.createReadStream();
      } finally {
        await rm(path, { force: true });
      }
    },
    async withPieces(pieces, use) {
      const path = nextPath();
      try {
        writePieces(path, pieces);
        return await use(path);
      } finally {
        rmSync(path, { force: true });
      }
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

/**
 * At once, not in turns of the event loop: the write goes to memory and takes a few milliseconds, but each turn may wait
 * for a stage of the next batch, and the engine would wait with it.
 */
function writePieces(path: string, pieces: readonly Uint8Array[]): void {
  const file = openSync(path, "wx", 0o600);
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
  } finally {
    closeSync(file);
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
