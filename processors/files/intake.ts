import { WeirError } from "../model/errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { SpoolPort } from "./store-port.ts";

/** Bytes per append, and how long more are waited for. */
const APPEND_BYTES = 1 << 20;
const APPEND_WAIT_MS = 20;
/** So far the intake runs ahead of the reader; beyond, whoever writes into the pipe has to wait. */
const AHEAD_BYTES_MAX = 64 << 20;

const WAITED = Symbol("waited");

/** What is piped in, in pieces. */
export interface PipeInput {
  /**
   * About `bytesMin` bytes, or fewer if a pause of `waitMs` comes first; null at the end. The first byte is waited for
   * however long it takes if `isPatient`. Throws what broke the pipe, after everything that came before.
   */
  take(bytesMin?: number, waitMs?: number, isPatient?: boolean): Promise<Buffer | null>;
  /** Leaves the pipe where it is: nothing more is waited for, and for whoever takes, this is what broke it. */
  leave(reason: unknown): void;
  /** Bytes taken so far. */
  readonly bytes: number;
}

export function createPipeInput(input: AsyncIterable<Buffer>): PipeInput {
  const iterator = input[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Buffer>> | null = null;
  let isEnded = false;
  let wake: () => void = () => {};
  let failure: unknown = null;
  let taken = 0;

  /** What comes next; WAITED after so many milliseconds (null: never) and when the pipe is left. */
  async function orWaited<T>(promise: Promise<T>, waitMs: number | null): Promise<T | typeof WAITED> {
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<typeof WAITED>((resolve) => {
      wake = () => resolve(WAITED);
      if (waitMs !== null) timer = setTimeout(wake, waitMs);
    });
    try {
      return await Promise.race([promise, waited]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    get bytes() {
      return taken;
    },
    leave(reason) {
      if (isEnded) return;
      isEnded = true;
      failure = reason;
      wake();
    },
    async take(bytesMin = APPEND_BYTES, waitMs = APPEND_WAIT_MS, isPatient = true) {
      const pieces: Buffer[] = [];
      let bytes = 0;
      while (!isEnded && bytes < bytesMin) {
        if (next === null) {
          next = iterator.next();
          // It may break while nobody waits; whoever takes next is told.
          next.catch(() => {});
        }
        try {
          const result = await orWaited(next, bytes === 0 && isPatient ? null : waitMs);
          if (result === WAITED) break;
          next = null;
          if (result.done) isEnded = true;
          else {
            pieces.push(result.value);
            bytes += result.value.length;
          }
        } catch (error) {
          isEnded = true;
          failure = error;
        }
      }
      taken += bytes;
      if (bytes > 0 || !isEnded) return Buffer.concat(pieces);
      if (failure !== null) throw failure;
      return null;
    },
  };
}

/** The bytes of a spool, nothing more being written to it. */
export function spoolReader(spool: SpoolPort): ByteReader {
  let mediumBytes = 0;
  return {
    get mediumBytes() {
      return mediumBytes;
    },
    async read(position, target, at, length) {
      const chunk = spool.read(position);
      if (chunk === null) {
        if (position < spool.range().begin) throw released(position, spool.range().begin);
        return 0;
      }
      mediumBytes = position;
      const from = position - chunk.begin;
      return chunk.bytes.copy(target, at, from, from + length);
    },
    async close() {},
  };
}

function released(position: number, begin: number): WeirError {
  const message = `Offset ${position} of standard input was released from the journal and can't be read again; go on from ${begin}.`;
  return new WeirError("SOURCE_TRUNCATED", message);
}

/**
 * Writes a stream into a spool, durably, before anybody reads it from there. The reader waits for what has not come
 * yet, and meets the end when the stream ended and everything was read. Closing waits for nothing that has not come.
 */
export function createIntake(input: PipeInput, spool: SpoolPort, nowUs: () => number): ByteReader {
  const kept = spoolReader(spool);
  let readTo = spool.range().begin;
  let isClosed = false;
  let isOver = false;
  let isPaused = false;
  let changes = 0;
  let failure: unknown = null;
  let readers: (() => void)[] = [];
  let wakeWriter: () => void = () => {};

  function wakeReaders(): void {
    changes++;
    const woken = readers;
    readers = [];
    for (const wake of woken) wake();
  }

  /** Waits for anything to happen after the given number of changes. */
  async function change(since: number): Promise<void> {
    if (changes === since && !isOver && !isClosed) await new Promise<void>((resolve) => readers.push(resolve));
  }

  async function takeIn(): Promise<void> {
    try {
      for (;;) {
        const bytes = await input.take(APPEND_BYTES, APPEND_WAIT_MS, isPaused);
        if (bytes === null) break;
        isPaused = bytes.length === 0;
        const begin = await spool.append(bytes, nowUs());
        wakeReaders();
        while (begin + bytes.length - readTo > AHEAD_BYTES_MAX && !isClosed) {
          await new Promise<void>((resolve) => {
            wakeWriter = resolve;
          });
        }
      }
    } catch (error) {
      failure = error;
    }
    isOver = true;
    wakeReaders();
  }
  const takingIn = takeIn();

  return {
    get mediumBytes() {
      return input.bytes;
    },
    async isPausedAt(position) {
      for (;;) {
        const since = changes;
        if (isOver || isClosed || position < spool.range().end) return false;
        if (isPaused) return true;
        await change(since);
      }
    },
    async read(position, target, at, length) {
      while (!isClosed) {
        // Asked before reading: what was appended before the end is read before the end is believed.
        const wasOver = isOver;
        const since = changes;
        const count = await kept.read(position, target, at, length);
        if (count > 0) {
          readTo = Math.max(readTo, position + count);
          wakeWriter();
          return count;
        }
        if (wasOver) {
          if (failure !== null) throw failure;
          return 0;
        }
        readTo = Math.max(readTo, position);
        wakeWriter();
        await change(since);
      }
      return 0;
    },
    async close() {
      isClosed = true;
      wakeReaders();
      wakeWriter();
      // What was taken from the pipe is kept before the pipe is left.
      input.leave(new WeirError("INTERNAL", "Standard input was closed while it was being read."));
      await takingIn;
    },
  };
}
