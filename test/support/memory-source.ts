import { frame } from "../../processors/decode/frame.ts";
import type { Commit, Source } from "../../processors/model/ports.ts";

/**
 * A source that holds lines in memory. Its state outlives whoever uses it, as a file and a journal outlive a process.
 *
 * Unlike the real ones: nothing is on disk, so a commit is durable at once; there is no lock, so nothing stops a second
 * owner; records are single lines; `release` only remembers how far it was called.
 */
export interface MemorySource extends Source {
  /** Every commit that was made, in order. */
  readonly commits: readonly Commit[];
  readonly releasedTo: bigint;
  append(lines: readonly string[]): void;
}

export interface MemorySourceOptions {
  readonly topic?: string;
  readonly format?: string;
  /** Microseconds since the epoch. */
  readonly appendTimeUs: number;
  /** Called when a commit is stored, before its caller hears of it; throws to play a crash. */
  readonly onCommitted?: () => void;
}

export function createMemorySource(options: MemorySourceOptions): MemorySource {
  const { topic = "memory", format = "combined", appendTimeUs, onCommitted } = options;
  const commits: Commit[] = [];
  let text = "";
  let releasedTo = 0n;

  return {
    topic,
    partition: 0,
    format,
    commits,
    get releasedTo() {
      return releasedTo;
    },
    append(lines) {
      text += lines.map((line) => `${line}\n`).join("");
    },
    async committed() {
      return commits.at(-1) ?? null;
    },
    async commit(commit) {
      commits.push(commit);
      onCommitted?.();
    },
    async range() {
      return { begin: 0n, end: BigInt(text.length) };
    },
    async read(from, { recordsMax, bytesMax }, to) {
      const known = to === undefined ? text : text.slice(0, Number(to));
      const limits = { recordsMax, bytesMax, recordBytesMax: 1 << 20 };
      const { count, begins, ends, offsetDeltas, consumed, cut } = frame(known, Number(from), {
        join: false,
        atEnd: false,
        ...limits,
      });
      if (count === 0) return null;
      const nextOffset = BigInt(consumed);
      return {
        topic,
        partition: 0,
        text,
        count,
        begins,
        ends,
        offsetDeltas,
        firstOffset: from,
        nextOffset,
        appendTimeUs,
        cut,
      };
    },
    async release(before) {
      releasedTo = before;
    },
    async close() {},
  };
}
