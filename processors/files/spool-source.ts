import { appendedAt, WHOLE_BYTES } from "./append-times.ts";
import type { EntrySourceParts, SourceOptions } from "./entry-source.ts";
import { SAMPLE_BYTES } from "./entry-source.ts";
import { spoolReader } from "./intake.ts";
import type { EndMeans } from "./record-reader.ts";
import type { FileEntry } from "./registry.ts";
import type { SpoolPort } from "./store-port.ts";

/** A source over an entry's spool, which holds what lies after its offset. */
export function spoolParts(
  options: SourceOptions,
  entry: FileEntry,
  spool: SpoolPort,
  endMeans: EndMeans,
  unlock: () => Promise<void>,
): EntrySourceParts {
  return {
    options,
    entry,
    // The bytes before the offset are gone; their CRC is all that going on needs.
    fingerprint: { crc: entry.prefixCrc, tail: Buffer.alloc(0) },
    endMeans,
    openBytes: async () => spoolReader(spool),
    async standing(position) {
      const chunk = spool.read(position);
      return { sizeBytes: WHOLE_BYTES, mtimeUs: chunk?.appendTimeUs ?? appendedAt(entry.appended, position).us };
    },
    async sample() {
      const sample = await sampleOf(spool);
      return sample.length === 0 ? null : sample;
    },
    async range() {
      const { begin, end } = spool.range();
      return { begin: BigInt(begin), end: BigInt(end) };
    },
    release: (before) => spool.release(before),
    close: unlock,
  };
}

/** The first bytes of a spool, at most SAMPLE_BYTES. */
export async function sampleOf(spool: SpoolPort): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let position = spool.range().begin;
  for (let bytes = 0; bytes < SAMPLE_BYTES; ) {
    const chunk = spool.read(position);
    if (chunk === null) break;
    pieces.push(chunk.bytes);
    bytes += chunk.bytes.length;
    position = chunk.begin + chunk.bytes.length;
  }
  return Buffer.concat(pieces).subarray(0, SAMPLE_BYTES);
}
