import { type ErrorCode, WeirError } from "../model/errors.ts";
import { appendedOnce } from "./append-times.ts";
import { createEntrySource, type EntrySource, SAMPLE_BYTES, type SourceOptions } from "./entry-source.ts";
import { containerOf } from "./inflate.ts";
import { createIntake, createPipeInput, type PipeInput } from "./intake.ts";
import { compare, type Known, knownOf, unchanged } from "./pipe-identity.ts";
import { createRegistry, type FileEntry, HEAD_BYTES, headOf, type Registry } from "./registry.ts";
import { sampleOf, spoolParts } from "./spool-source.ts";
import type { SpoolPort, Store } from "./store-port.ts";

// Its other half: what a run that was killed leaves.
export { openLeftovers } from "./leftovers.ts";

export interface StdinSourceOptions extends SourceOptions {
  readonly input: AsyncIterable<Buffer>;
  /** Microseconds since the epoch. */
  readonly nowUs: () => number;
  /** Ends the waiting for the pipe while it is being opened. */
  readonly signal?: AbortSignal;
}

export interface StdinSource extends EntrySource {
  /** Where the same content was met before ("-": piped in); null when it is new. */
  readonly isCopyOf: string | null;
  /** Bytes taken from the pipe so far. */
  readonly readBytes: number;
}

/** Once the head is there, a pipe that pauses so long is judged by what it gave. */
const SAMPLE_WAIT_MS = 200;

/**
 * Opens what is piped in as a source. Everything is in the journal, encrypted, before it is read from here, so that a
 * kill loses nothing that was taken from the pipe (`openLeftovers` finishes it); `release` frees it.
 *
 * The content has an identity, as a file's has: piped in again, it goes on where it stood. Reading waits for the pipe
 * and ends when the pipe does. Throws SOURCE_BUSY, SOURCE_UNREADABLE (compressed), JOURNAL_DISK_FULL, and the signal's
 * reason when that comes before the pipe has shown what it is; what was taken until then is in the journal.
 */
export async function openStdinSource(options: StdinSourceOptions): Promise<StdinSource> {
  const { signal } = options;
  const input = createPipeInput(options.input);
  const leave = () => input.leave(signal?.reason);
  if (signal?.aborted) leave();
  signal?.addEventListener("abort", leave, { once: true });
  try {
    return await open(options, input);
  } finally {
    signal?.removeEventListener("abort", leave);
  }
}

async function open(options: StdinSourceOptions, input: PipeInput): Promise<StdinSource> {
  const { store } = options;
  const registry = createRegistry(store);
  const { own, spool, unlock } = await begin(options, registry, input);
  let unlockKnown: (() => Promise<void>) | null = null;
  try {
    checkPlain(await sampleOf(spool));
    const { knowns, generation } = await knownsFor(options, registry, own, spool);
    const proven = await compare(input, spool, knowns, options.nowUs);
    for (const { entry } of proven) if (entry.isPending) await dropAbandoned(store, registry, entry);
    const known = proven.find(({ entry }) => !entry.isPending);
    if (known === undefined) {
      const entry = { ...own, generation, isPending: false };
      await registry.update(entry);
      return await opened(options, entry, null, spool, input, unlock);
    }
    const { topic, partition } = known.entry;
    unlockKnown = await store.lock(topic, partition);
    const entry = await unchanged(store, registry, known);
    const target = store.spool(topic, partition);
    await moveBytes(known, spool, target, options.nowUs);
    await drop(store, registry, own);
    await unlock();
    return await opened(options, entry, entry.path, target, input, unlockKnown);
  } catch (error) {
    // Refused input is not kept: whoever piped it in, or the process that has the partition, has it.
    if (error instanceof WeirError && REFUSALS.has(error.code)) await drop(store, registry, own);
    await unlockKnown?.();
    await unlock();
    throw error;
  }
}

const REFUSALS: ReadonlySet<ErrorCode> = new Set(["SOURCE_BUSY", "SOURCE_UNREADABLE"]);

function checkPlain(head: Buffer): void {
  const container = containerOf(head);
  if (container === "plain") return;
  const unpack = container === "gzip" ? "zcat" : "zstdcat";
  const message = `Standard input is compressed (${container}); pipe it through ${unpack} first, or name the file itself.`;
  throw new WeirError("SOURCE_UNREADABLE", message);
}

/** Takes enough of the pipe to judge it by, keeping every byte at once under an entry of its own. */
async function begin(
  options: StdinSourceOptions,
  registry: Registry,
  input: PipeInput,
): Promise<{ own: FileEntry; spool: SpoolPort; unlock: () => Promise<void> }> {
  const { store, topic, nowUs } = options;
  let bytes = (await input.take(HEAD_BYTES)) ?? Buffer.alloc(0);
  let own = await registry.add({
    topic,
    generation: 0,
    origin: "stream",
    isPending: true,
    path: "-",
    inode: "",
    ...headOf(bytes),
    appended: appendedOnce(nowUs()),
    format: "",
    isComplete: false,
    offset: 0,
    prefixCrc: 0,
    tailBytes: 0,
    tailCrc: 0,
  });
  const unlock = await store.lock(topic, own.partition);
  const spool = store.spool(topic, own.partition);
  try {
    await spool.append(bytes, nowUs());
    while (bytes.length < SAMPLE_BYTES) {
      const missing = SAMPLE_BYTES - bytes.length;
      const more = await input.take(missing, SAMPLE_WAIT_MS, bytes.length < HEAD_BYTES);
      if (more === null) break;
      await spool.append(more, nowUs());
      bytes = Buffer.concat([bytes, more]);
      if (more.length < missing && bytes.length >= HEAD_BYTES) break;
    }
    own = { ...own, ...headOf(bytes) };
    await registry.update(own);
    return { own, spool, unlock };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** The contents to compare with, and the generation of the pipe if it is none of them. */
async function knownsFor(
  options: StdinSourceOptions,
  registry: Registry,
  own: FileEntry,
  spool: SpoolPort,
): Promise<{ knowns: Known[]; generation: number }> {
  const head = (await sampleOf(spool)).subarray(0, HEAD_BYTES);
  let generation = 0;
  const knowns: Known[] = [];
  for (const entry of registry.candidates(head, "")) {
    if (entry.topic === own.topic && entry.partition === own.partition) continue;
    if (options.again && !entry.isPending && (entry.generation === 0 || entry.isComplete)) {
      generation = Math.max(generation, entry.generation + 1);
      continue;
    }
    const known = await knownOf(options.store, entry);
    if (known.bytes > 0) knowns.push(known);
  }
  return { knowns, generation };
}

async function opened(
  options: StdinSourceOptions,
  entry: FileEntry,
  isCopyOf: string | null,
  spool: SpoolPort,
  input: PipeInput,
  unlock: () => Promise<void>,
): Promise<StdinSource> {
  const source = await createEntrySource(
    spoolParts(options, entry, spool, "final", unlock),
    createIntake(input, spool, options.nowUs),
  );
  return Object.defineProperties(source, {
    isCopyOf: { value: isCopyOf, enumerable: true },
    readBytes: { get: () => input.bytes, enumerable: true },
  }) as StdinSource;
}

/** Moves the bytes that go beyond what is known to the spool that goes on. */
async function moveBytes(known: Known, from: SpoolPort, to: SpoolPort, nowUs: () => number): Promise<void> {
  await to.release(known.entry.offset);
  await to.startAt(known.bytes);
  for (let position = known.bytes; ; ) {
    const chunk = from.read(position);
    if (chunk === null) break;
    const bytes = chunk.bytes.subarray(position - chunk.begin);
    await to.append(bytes, nowUs());
    position += bytes.length;
  }
}

/** Drops what a process that is gone was still comparing: the pipe brought all of it again. */
async function dropAbandoned(store: Store, registry: Registry, entry: FileEntry): Promise<void> {
  try {
    const unlock = await store.lock(entry.topic, entry.partition);
    await drop(store, registry, entry);
    await unlock();
  } catch (error) {
    if (!(error instanceof WeirError && error.code === "SOURCE_BUSY")) throw error;
  }
}

async function drop(store: Store, registry: Registry, entry: FileEntry): Promise<void> {
  const spool = store.spool(entry.topic, entry.partition);
  await spool.release(spool.range().end);
  await registry.remove(entry);
}
