import { Readable, Transform } from "node:stream";
import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createZstdCompress,
  createZstdDecompress,
} from "node:zlib";
import type { FastifyRequest } from "fastify";
import { Refusal } from "./endpoint-request.ts";
import { createLz4Inflate } from "./lz4-frame.ts";

const BODY_BYTES_MAX = 64 << 20;
const WINDOW_LOG_MAX = 23;
/** The best of brotli costs seconds where this costs milliseconds. */
const BROTLI_QUALITY = 4;

const INFLATE: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX } }),
  lz4: createLz4Inflate,
};

/** In the order in which they are chosen. */
const DEFLATE: Readonly<Record<string, () => Transform>> = {
  zstd: createZstdCompress,
  gzip: createGzip,
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  deflate: createDeflate,
};

/** The body as the client meant it. Limits count what comes out of the decompression. */
export function bodyOf(request: FastifyRequest): Readable {
  const type = request.headers["content-type"] ?? "";
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (/^multipart\//i.test(type)) {
    throw new Refusal(48, "NOT_IMPLEMENTED", 501, "Multipart bodies are not taken; send parameters in the URL.");
  }
  const raw = request.body instanceof Readable ? request.body : request.raw;
  if (encoding === "identity") return raw;
  if (!Object.hasOwn(INFLATE, encoding)) {
    const known = Object.keys(INFLATE).join(", ");
    throw new Refusal(
      48,
      "NOT_IMPLEMENTED",
      501,
      `Bodies encoded with ${encoding} are not taken; use ${known} or none.`,
    );
  }
  const inflated = INFLATE[encoding]();
  // Whoever reads the result learns of it as of an error of the data.
  const readable = new Transform({ transform: (chunk, _, done) => done(null, chunk) });
  const fail = (error: Error) =>
    readable.destroy(new Refusal(354, "INFLATE_FAILED", 400, `The body is no ${encoding}: ${error.message}.`));
  raw.on("error", fail);
  inflated.on("error", fail);
  readable.on("close", () => inflated.destroy());
  return raw.pipe(inflated).pipe(readable);
}

/** How the answer is to be compressed; null: it isn't. As in ClickHouse, only for those who say `enable_http_compression`. */
export function answerEncoding(accepted: string | undefined, isEnabled: boolean): string | null {
  if (!isEnabled || accepted === undefined) return null;
  const names = accepted.split(",").map((part) => part.trim());
  const wanted = new Set(names.filter((part) => !/;\s*q=0(?:\.0*)?$/.test(part)).map((part) => part.split(";")[0]));
  return Object.keys(DEFLATE).find((name) => wanted.has(name)) ?? null;
}

export function compressed(answer: Readable, encoding: string): Readable {
  const output = DEFLATE[encoding]();
  answer.on("error", (error) => output.destroy(error));
  output.on("close", () => answer.destroy());
  return answer.pipe(output);
}

export async function readWhole(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

export function tooLarge(): Refusal {
  return new Refusal(
    62,
    "QUERY_IS_TOO_LARGE",
    413,
    "The statement is too long; name an INSERT … FORMAT in the URL instead.",
  );
}

/** A statement may begin in the URL and go on in the body. */
export function joinStatement(query: string, body: Buffer): Buffer {
  if (query === "") return body;
  return body.length === 0 ? Buffer.from(query, "utf8") : Buffer.concat([Buffer.from(`${query}\n`, "utf8"), body]);
}

export function joined(first: Buffer, rest: Readable): Readable {
  if (first.length === 0) return rest;
  return Readable.from(
    (async function* () {
      yield first;
      yield* rest;
    })(),
  );
}
