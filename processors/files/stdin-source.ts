import { WeirError } from "../model/errors.ts";
import { createEntrySource, type EntrySource, type EntrySourceParts, SAMPLE_BYTES, type SourceOptions } from "./entry-source.ts";
import { EMPTY_FINGERPRINT, extended, type Fingerprint } from "./fingerprint.ts";
import { identify } from "./identity.ts";
import { createIntake, createPipeInput, type PipeInput, spoolReader } from "./intake.ts";
import { scan } from "./opened-file.ts";
import type { EndMeans } from "./record-reader.ts";
import { createRegistry, type FileEntry, HEAD_BYTES, headSha256, type Registry } from "./registry.ts";
import type { SpoolPort, Store } from "./store-port.ts";

export interface StdinSourceOptions extends SourceOptions {
  readonly input: AsyncIterable<Buffer>;
  /** Microseconds since the epoch. */
  readonly nowUs: () => number;
}

export interface StdinSource extends EntrySource {
  /** Where the same content was met before ("-": piped in); null when it is new. */
  readonly isCopyOf: string | null;
  /** Bytes taken from the pipe so far. */
  readonly readBytes: number;
}

/** Once the head is there, a pipe that pauses so long is judged by what it gave. */
const SAMPLE_WAIT_MS = 200;

/** A known content, and the position up to which it must be the same for the pipe to go on with it. */
interface Known {
  readonly entry: FileEntry;
  readonly bytes: number;
  readonly crc: number;
}

/**
 * Opens what is piped in as a source. Everything is in the journal, encrypted, before it is read from here, so that a
 * kill loses nothing that was taken from the pipe (`openLeftovers` finishes it); `release` frees it.
 *
 * The content has an identity, as a file's has: piped in again, it goes on where it stood. Reading waits for the pipe
 * and ends when the pipe does. Throws SOURCE_BUSY, JOURNAL_DISK_FULL.
 */
export async function openStdinSource(options: StdinSourceOptions): Promise<StdinSource> {
  const { store } = options;
  const registry = createRegistry(store);
  const input = createPipeInput(options.input);
  const { own, spool, unlock } = await begin(options, registry, input);
  let unlockKnown: (() => Promise<void>) | null = null;
  try {
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
    // Refused input is not kept: it is in the hands of the process that has the partition.
    if (error instanceof WeirError && error.code === "SOURCE_BUSY") await drop(store, registry, own);
    await unlockKnown?.();
    await unlock();
    throw error;
  }
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
    appendTimeUs: nowUs(),
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

function headOf(bytes: Buffer): Pick<FileEntry, "headBytes" | "headSha256"> {
  const head = bytes.subarray(0, HEAD_BYTES);
  return { headBytes: head.length, headSha256: headSha256(head) };
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

async function sampleOf(spool: SpoolPort): Promise<Buffer> {
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

/**
 * What earlier runs took from a pipe and did not finish, as sources. `final`: nothing more will come, so that the last
 * entry is finished as it is. Otherwise it waits for the pipe that may bring the rest, and contents that were not told
 * from known ones yet wait too. So: leftovers, then `openStdinSource`, then the rest of the leftovers, final.
 *
 * What another process is working on is left to it.
 */
export async function openLeftovers(options: SourceOptions, final: boolean): Promise<EntrySource[]> {
  const registry = createRegistry(options.store);
  const sources: EntrySource[] = [];
  for (const found of registry.all()) {
    const spool = options.store.spool(found.topic, found.partition);
    const { begin, end } = spool.range();
    if (begin === end || (found.isPending && !final)) continue;
    let unlock: () => Promise<void>;
    try {
      unlock = await options.store.lock(found.topic, found.partition);
    } catch (error) {
      if (error instanceof WeirError && error.code === "SOURCE_BUSY") continue;
      throw error;
    }
    const entry = { ...(registry.get(found.topic, found.partition) ?? found), isPending: false };
    if (spool.range().end <= entry.offset) {
      await spool.release(entry.offset);
      await unlock();
      continue;
    }
    if (found.isPending) await registry.update(entry);
    const parts = partsOf(options, entry, spool, final ? "final" : "open", unlock);
    sources.push(await createEntrySource(parts, spoolReader(spool)));
  }
  return sources;
}

function partsOf(
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

async function opened(
  options: StdinSourceOptions,
  entry: FileEntry,
  isCopyOf: string | null,
  spool: SpoolPort,
  input: PipeInput,
  unlock: () => Promise<void>,
): Promise<StdinSource> {
  const source = await createEntrySource(
    partsOf(options, entry, spool, "final", unlock),
    createIntake(input, spool, options.nowUs),
  );
  return Object.defineProperties(source, {
    isCopyOf: { value: isCopyOf, enumerable: true },
    readBytes: { get: () => input.bytes, enumerable: true },
  }) as StdinSource;
}

/** Known is what was committed and what the spool holds beyond it: a pipe goes on after both. */
async function knownOf(store: Store, entry: FileEntry): Promise<Known> {
  const spool = store.spool(entry.topic, entry.partition);
  const { end } = spool.range();
  if (end <= entry.offset) return { entry, bytes: entry.offset, crc: entry.prefixCrc };
  const committed: Fingerprint = { crc: entry.prefixCrc, tail: Buffer.alloc(0) };
  const { fingerprint } = await scan(spoolReader(spool), end, entry.offset, committed);
  return { entry, bytes: end, crc: fingerprint.crc };
}

/** Takes from the pipe what the comparison needs, keeping it, and tells which contents it goes on with, longest first. */
async function compare(
  input: PipeInput,
  spool: SpoolPort,
  knowns: readonly Known[],
  nowUs: () => number,
): Promise<Known[]> {
  const rising = knowns.toSorted((a, b) => a.bytes - b.bytes);
  const matches = new Set<Known>();
  let fingerprint = EMPTY_FINGERPRINT;
  let position = 0;
  let next = 0;
  // One byte beyond the longest tells whether the pipe is the same or goes on.
  while (rising.length > 0 && position <= rising[rising.length - 1].bytes) {
    let chunk = spool.read(position);
    if (chunk === null) {
      const bytes = await input.take();
      if (bytes === null) break;
      await spool.append(bytes, nowUs());
      chunk = spool.read(position);
      if (chunk === null) break;
    }
    const { bytes } = chunk;
    let used = 0;
    for (; next < rising.length && rising[next].bytes <= position + bytes.length; next++) {
      const upTo = rising[next].bytes - position;
      fingerprint = extended(fingerprint, bytes.subarray(used, upTo));
      used = upTo;
      if (fingerprint.crc === rising[next].crc) matches.add(rising[next]);
    }
    fingerprint = extended(fingerprint, bytes.subarray(used));
    position += bytes.length;
  }
  return rising.toReversed().filter((known) => {
    const identity = identify({
      isSameInode: false,
      isSameHead: true,
      knownBytes: known.bytes,
      isKnownComplete: known.entry.isComplete,
      isKnownStream: known.entry.origin === "stream",
      isWhole: true,
      length: position < known.bytes ? "shorter" : position === known.bytes ? "equal" : "longer",
      isSameTail: null,
      isSamePrefix: matches.has(known),
      isPartOfOriginal: false,
    });
    return identity === "copy";
  });
}

/** The entry as it is now that it is locked. Throws SOURCE_BUSY when somebody went on with it during the comparison. */
async function unchanged(store: Store, registry: Registry, known: Known): Promise<FileEntry> {
  const { topic, partition } = known.entry;
  const entry = registry.get(topic, partition);
  if (entry !== null) {
    const now = await knownOf(store, entry);
    if (now.bytes === known.bytes && now.crc === known.crc) return entry;
  }
  const message = `Partition ${partition} of ${topic} went on in another process while its content was compared; start again.`;
  throw new WeirError("SOURCE_BUSY", message);
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
