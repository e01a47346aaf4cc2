import { open } from "node:fs/promises";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { WeirError } from "../model/errors.ts";
import { type ByteReader, unreadable } from "./byte-reader.ts";
import { createZstdFrames } from "./zstd-frames.ts";

export type Container = "plain" | "gzip" | "zstd";

/** What an archive may do to us. */
export interface InflateLimits {
  /** So much may come out of however little. */
  readonly inflatedBytesFree: number;
  /** Beyond that, at most so many bytes come out for one that went in. gzip can't exceed 1,032. */
  readonly inflationRatioMax: number;
  /** log2 of the zstd window, which is memory. */
  readonly windowLogMax: number;
}

export const INFLATE_LIMITS: InflateLimits = {
  inflatedBytesFree: 256 << 20,
  inflationRatioMax: 1000,
  windowLogMax: 27,
};

/** What a file is by its first bytes; its name does not matter. */
export function containerOf(head: Buffer): Container {
  if (head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  if (head.length < 4) return "plain";
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) === 0x184d2a50 ? "zstd" : "plain";
}

/** Compressed bytes per write: what is lost to view, when a write fails, is looked for again byte by byte. */
const FEED_BYTES_MAX = 32 << 10;
const FEED_BYTES_MIN = 256;
/** A write that gave more makes the next one smaller, so that little input can't fill the memory. */
const OUTPUT_BYTES_HIGH = 4 << 20;
const OUTPUT_CHUNK_BYTES = 256 << 10;

/**
 * The inflated content of an archive: all members of a gzip file, all frames of a zstd file. Positions are those of
 * the content; going back starts over. Everything up to a damage is given before SOURCE_CORRUPT is thrown.
 */
export function inflatedReader(path: string, container: Container, limits: InflateLimits = INFLATE_LIMITS): ByteReader {
  let chunks: AsyncGenerator<Buffer> | null = null;
  let chunk: Buffer = Buffer.alloc(0);
  /** Position of the chunk's first byte. */
  let begin = 0;
  let mediumBytes = 0;
  let failure: unknown = null;

  async function restart(): Promise<void> {
    await chunks?.return(undefined);
    chunks = inflate(path, container, limits, (bytes) => {
      mediumBytes = bytes;
    });
    chunk = Buffer.alloc(0);
    begin = 0;
    failure = null;
  }

  return {
    get mediumBytes() {
      return mediumBytes;
    },
    async read(position, target, at, length) {
      if (chunks === null || position < begin) await restart();
      while (position >= begin + chunk.length) {
        if (failure !== null) throw failure;
        const next = await chunks!.next().catch((error) => {
          failure = error;
          throw error;
        });
        if (next.done) return 0;
        begin += chunk.length;
        chunk = next.value;
      }
      return chunk.copy(target, at, position - begin, position - begin + length);
    },
    async close() {
      await chunks?.return(undefined);
    },
  };
}

async function* inflate(
  path: string,
  container: Container,
  limits: InflateLimits,
  onProgress: (compressedBytes: number) => void,
): AsyncGenerator<Buffer> {
  let given = 0;
  let carefulFrom = Number.POSITIVE_INFINITY;
  for (;;) {
    let position = 0;
    try {
      for await (const { bytes, compressedBegin } of outputs(path, container, limits, carefulFrom)) {
        onProgress(compressedBegin);
        position += bytes.length;
        if (position > given) {
          const fresh = bytes.subarray(Math.max(0, bytes.length - (position - given)));
          given = position;
          yield fresh;
        }
      }
      return;
    } catch (error) {
      // Output of the write that failed is lost; a second pass gives the decoder its bytes one at a time from there.
      if (!(error instanceof Damage)) throw error;
      if (carefulFrom !== Number.POSITIVE_INFINITY || error.isFinal) throw corrupt(path, given, error);
      carefulFrom = error.compressedBegin;
    }
  }
}

class Damage extends Error {
  /** Where in the file the write began that failed. */
  readonly compressedBegin: number;
  /** Looking closer would show no more. */
  readonly isFinal: boolean;

  constructor(message: string, compressedBegin: number, isFinal: boolean) {
    super(message);
    this.compressedBegin = compressedBegin;
    this.isFinal = isFinal;
  }
}

function corrupt(path: string, inflatedBytes: number, damage: Damage): WeirError {
  return new WeirError(
    "SOURCE_CORRUPT",
    `${path} ${damage.message} at byte ${damage.compressedBegin}, after ${inflatedBytes} inflated bytes, which were read; get a good copy and load it.`,
    { cause: damage },
  );
}

/** What the decoder gives, write by write. Throws Damage. */
async function* outputs(
  path: string,
  container: Container,
  limits: InflateLimits,
  carefulFrom: number,
): AsyncGenerator<{ bytes: Buffer; compressedBegin: number }> {
  const file = await open(path).catch((error) => {
    throw unreadable(path, error);
  });
  const frames = container === "zstd" ? createZstdFrames() : null;
  const decoder = createDecoder(container, limits);
  const input = Buffer.alloc(FEED_BYTES_MAX);
  let compressed = 0;
  let inflated = 0;
  let feedBytes = 1024;
  try {
    for (;;) {
      const isCareful = compressed >= carefulFrom;
      const most = isCareful ? 1 : Math.min(feedBytes, Math.max(1, carefulFrom - compressed));
      const { bytesRead } = await file.read(input, 0, most, compressed).catch((error) => {
        throw unreadable(path, error);
      });
      if (bytesRead === 0) break;
      const piece = Buffer.from(
        input.subarray(0, frames === null ? bytesRead : frames.pieceEnd(input.subarray(0, bytesRead), 0)),
      );
      if (decoder.isEnded) {
        // gzip files may be padded with zeros (tapes); anything else behind the end is not ours.
        if (piece.some((byte) => byte !== 0))
          throw new Damage("goes on with something that is not gzip", compressed, true);
        compressed += piece.length;
        continue;
      }
      const inflatedMax = Math.max(limits.inflatedBytesFree, limits.inflationRatioMax * (compressed + piece.length));
      const { chunks, error } = await decoder.write(piece, inflatedMax - inflated);
      let bytes = 0;
      for (const chunk of chunks) {
        bytes += chunk.length;
        yield { bytes: chunk, compressedBegin: compressed };
      }
      inflated += bytes;
      if (error !== null) throw new Damage(error.message, compressed, error.isFinal);
      compressed += piece.length;
      feedBytes =
        bytes > OUTPUT_BYTES_HIGH ? Math.max(FEED_BYTES_MIN, feedBytes >> 1) : Math.min(FEED_BYTES_MAX, feedBytes << 1);
    }
    const { chunks, error } = await decoder.end();
    for (const chunk of chunks) yield { bytes: chunk, compressedBegin: compressed };
    if (error !== null || frames?.isBetween === false) throw new Damage("ends too early,", compressed, true);
  } finally {
    decoder.close();
    await file.close();
  }
}

interface Decoded {
  readonly chunks: readonly Buffer[];
  readonly error: { readonly message: string; readonly isFinal: boolean } | null;
}

interface Decoder {
  /** The end of the archive was seen: nothing more can be written. */
  readonly isEnded: boolean;
  write(piece: Buffer, outputBytesMax: number): Promise<Decoded>;
  end(): Promise<Decoded>;
  close(): void;
}

function createDecoder(container: Container, limits: InflateLimits): Decoder {
  const stream =
    container === "zstd"
      ? createZstdDecompress({
          chunkSize: OUTPUT_CHUNK_BYTES,
          params: { [constants.ZSTD_d_windowLogMax]: limits.windowLogMax },
        })
      : createGunzip({ chunkSize: OUTPUT_CHUNK_BYTES });
  let chunks: Buffer[] = [];
  let outputBytes = 0;
  let outputBytesMax = Number.POSITIVE_INFINITY;
  let error: Decoded["error"] = null;
  let isEnded = false;
  let wake: () => void = () => {};

  stream.on("data", (chunk: Buffer) => {
    outputBytes += chunk.length;
    if (outputBytes <= outputBytesMax) chunks.push(chunk);
    else if (error === null) {
      error = {
        message: `inflates more than ${limits.inflationRatioMax} times, as an archive made to do harm does,`,
        isFinal: true,
      };
      stream.destroy();
    }
  });
  stream.on("error", (reason) => {
    error ??= { message: `is damaged (${reason.message})`, isFinal: false };
    wake();
  });
  stream.on("end", () => {
    isEnded = true;
    wake();
  });
  stream.on("close", () => wake());

  function decoded(): Decoded {
    const result = { chunks, error };
    chunks = [];
    outputBytes = 0;
    return result;
  }

  return {
    get isEnded() {
      return isEnded;
    },
    async write(piece, bytesMax) {
      outputBytesMax = bytesMax;
      await new Promise<void>((resolve) => {
        wake = resolve;
        stream.write(piece, () => resolve());
      });
      return decoded();
    },
    async end() {
      if (!isEnded && error === null) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          stream.end();
        });
      }
      return decoded();
    },
    close: () => void stream.destroy(),
  };
}
