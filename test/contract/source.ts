import { afterEach, describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import type { Source } from "../../processors/model/ports.ts";

export interface MadeSource {
  readonly source: Source;
  /** Closes the source and all it stands on, and opens it again, as another process would. */
  reopen(): Promise<Source>;
  /** Closes everything. */
  dispose(): Promise<void>;
}

export interface MakeOptions {
  readonly join: boolean;
  readonly recordBytesMax: number;
}

interface Read {
  readonly offset: bigint;
  readonly record: string;
  readonly isCut: boolean;
}

/**
 * Entries of several lines, blank lines, both line ends, bytes that are no text, lines longer than any buffer, a last
 * line without an end; more than one read of a source takes in.
 */
export function contractContent(lines = 2000): string {
  let content = "";
  for (let i = 0; i < lines; i++) {
    content += `2024-05-01 10:00:${i % 60} INFO request ${i} \xff\x00 took ${(i * 7919) % 1000} ms${i % 3 ? "\n" : "\r\n"}`;
    if (i % 17 === 0) content += "\n";
    if (i % 13 === 0)
      content += `java.lang.IllegalStateException: ${i}\n\tat a.B.c(B.java:${i})\nCaused by: a.E\n\t... 3 more\n`;
    if (i % 900 === 450) content += `${"y".repeat(150_000)}\n`;
    if (i % 101 === 0) content += `${"x".repeat(700 + i)}\n`;
  }
  return `${content}the end`;
}

const BIG = { recordsMax: 1_000_000, bytesMax: 1 << 30 };
// Small ones first: once a source was asked for everything it may hold everything.
const LIMITS = [
  { recordsMax: 7, bytesMax: 300 },
  { recordsMax: 1, bytesMax: 1 << 20 },
  { recordsMax: 1000, bytesMax: 1 },
  BIG,
];

async function readAll(source: Source, from: bigint, limits = [BIG], to?: bigint): Promise<Read[]> {
  const read: Read[] = [];
  for (let turn = 0; ; turn++) {
    const batch = await source.read(from, limits[turn % limits.length], to);
    if (batch === null) return read;
    expect(batch.firstOffset).toBe(from);
    expect(batch.nextOffset).toBeGreaterThan(from);
    expect(batch.count).toBeGreaterThan(0);
    expect(batch.count).toBeLessThanOrEqual(limits[turn % limits.length].recordsMax);
    for (let i = 0; i < batch.count; i++) {
      read.push({
        offset: batch.firstOffset + BigInt(batch.offsetDeltas[i]),
        record: batch.text.slice(batch.begins[i], batch.ends[i]),
        isCut: batch.cut.includes(i),
      });
    }
    from = batch.nextOffset;
  }
}

/** How a source counts: offsets are places of bytes, or numbers of records. */
export type Counting = "bytes" | "records";

function expectedOf(content: string, { join, recordBytesMax }: MakeOptions, counting: Counting): Read[] {
  const framed = frame(content, 0, { join, recordBytesMax, ...BIG, atEnd: true });
  return Array.from({ length: framed.count }, (_, i) => ({
    offset: BigInt(counting === "bytes" ? framed.begins[i] : i),
    record: content.slice(framed.begins[i], framed.ends[i]),
    isCut: framed.cut.includes(i),
  }));
}

/** What every source promises (model/ports.ts), for one that holds the given bytes from offset 0 on and nothing else. */
export function sourceContract(
  name: string,
  make: (content: Buffer, options: MakeOptions) => Promise<MadeSource>,
  counting: Counting = "bytes",
): void {
  describe(`${name} as a source`, () => {
    let made: MadeSource | null = null;
    afterEach(async () => {
      await made?.dispose();
      made = null;
    });
    const options = { join: true, recordBytesMax: 500 };
    async function opened(content = contractContent(), with_ = options): Promise<Source> {
      made = await make(Buffer.from(content, "latin1"), with_);
      return made.source;
    }

    it.each([true, false])("gives the same records whatever the limits are (join: %s)", async (join) => {
      const source = await opened(contractContent(), { join, recordBytesMax: 500 });
      const expected = expectedOf(contractContent(), { join, recordBytesMax: 500 }, counting);
      expect(expected.some(({ isCut }) => isCut)).toBe(true);
      for (const limit of LIMITS) expect(await readAll(source, 0n, [limit])).toEqual(expected);
      expect(await readAll(source, 0n, LIMITS)).toEqual(expected);
    });

    it("gives the records of a range again, from its start and up to its end", async () => {
      const source = await opened();
      const all = await readAll(source, 0n);
      const [begin, end] = [all[40].offset, all[200].offset];
      expect(await readAll(source, begin, [LIMITS[0]], end)).toEqual(all.slice(40, 200));
      expect(await readAll(source, begin, [BIG], end)).toEqual(all.slice(40, 200));
      expect(await source.read(end, BIG, end)).toBeNull();
    });

    it("ends a batch where the next one starts, up to the end of its bytes", async () => {
      const content = contractContent(50);
      const source = await opened(content);
      let from = 0n;
      for (;;) {
        const batch = await source.read(from, LIMITS[0]);
        if (batch === null) break;
        expect(batch.offsetDeltas[0]).toBe(0);
        from = batch.nextOffset;
      }
      const records = expectedOf(content, options, counting).length;
      expect(from).toBe(BigInt(counting === "bytes" ? content.length : records));
      expect(await source.read(from, BIG)).toBeNull();
      const { begin, end } = await source.range();
      expect(begin).toBe(0n);
      if (end !== null) expect(end).toBe(from);
    });

    it("gives nothing when it holds nothing", async () => {
      const source = await opened("");
      expect(await source.read(0n, BIG)).toBeNull();
      expect(await source.committed()).toBeNull();
    });

    it("keeps the last commit, offset and metadata, over a restart", async () => {
      const source = await opened();
      expect(await source.committed()).toBeNull();
      const all = await readAll(source, 0n);
      await source.commit({ offset: all[3].offset, metadata: "plan a" });
      await source.commit({ offset: all[9].offset, metadata: "plan ü" });
      const again = await made!.reopen();
      expect(again.topic).toBe(source.topic);
      expect(again.partition).toBe(source.partition);
      expect(await again.committed()).toEqual({ offset: all[9].offset, metadata: "plan ü" });
      expect(await readAll(again, all[9].offset)).toEqual(all.slice(9));
    });

    it("says the same append time and the same format of every batch and after a restart", async () => {
      const source = await opened();
      const first = await source.read(0n, LIMITS[0]);
      const format = source.format;
      const again = await made!.reopen();
      const second = await again.read(first!.nextOffset, LIMITS[0]);
      expect(second!.appendTimeUs).toBe(first!.appendTimeUs);
      expect(again.format).toBe(format);
    });

    it("goes on behind what was released", async () => {
      const source = await opened();
      const all = await readAll(source, 0n);
      await source.commit({ offset: all[20].offset, metadata: "" });
      await source.release(all[20].offset);
      expect(await readAll(source, all[20].offset)).toEqual(all.slice(20));
    });
  });
}
