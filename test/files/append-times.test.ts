import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import {
  type Appended,
  appendedAt,
  appendedOnce,
  WHOLE_BYTES,
  withGrowth,
} from "../../processors/files/append-times.ts";
import type { ByteReader } from "../../processors/files/byte-reader.ts";
import { createEntrySource } from "../../processors/files/entry-source.ts";
import { EMPTY_FINGERPRINT } from "../../processors/files/fingerprint.ts";
import { createRegistry, headSha256 } from "../../processors/files/registry.ts";
import { openJournal } from "../../processors/journal/journal.ts";

const A: Appended = { from: 0, to: 10, us: 1 };
const B: Appended = { from: 10, to: 25, us: 2 };
const C: Appended = { from: 25, to: 30, us: 3 };

describe("the stretch of a position", () => {
  it.each<[readonly Appended[], number, Appended, string]>([
    [[A, B], 0, A, "the first byte"],
    [[A, B], 9, A, "the last byte of a stretch"],
    [[A, B], 10, B, "the end belongs to the next stretch"],
    [[A, B], 25, B, "behind all of them: the last"],
    [[B, C], 3, B, "before all of them: the first"],
    [[{ from: 0, to: 0, us: 1 }], 0, { from: 0, to: 0, us: 1 }, "a file that was empty"],
    [appendedOnce(7), 123_456, { from: 0, to: WHOLE_BYTES, us: 7 }, "an archive has one"],
  ])("%j at %d is %j: %s", (stretches, position, stretch) => {
    expect(appendedAt(stretches, position)).toEqual(stretch);
  });
});

describe("the stretches after another look", () => {
  it.each<[readonly Appended[], number, number, readonly Appended[], string]>([
    [[A], 0, 10, [A], "as long as before: nothing new"],
    [[A], 0, 4, [A], "shorter: what was there keeps its time"],
    [[A], 0, 25, [A, { ...B, us: 9 }], "growth begins where the last stretch ended"],
    [[A, B], 9, 30, [A, B, { ...C, us: 9 }], "what is not committed yet keeps its time"],
    [[A, B], 10, 30, [B, { ...C, us: 9 }], "a stretch that is committed whole is needed no more"],
    [[A, B], 25, 30, [{ ...C, us: 9 }], "nor are all of them"],
    [appendedOnce(7), 0, WHOLE_BYTES, appendedOnce(7), "an archive does not grow"],
  ])("%j, committed to %d, of now %d bytes are %j: %s", (stretches, committed, sizeBytes, expected) => {
    expect(withGrowth(stretches, committed, { sizeBytes, mtimeUs: 9 })).toEqual(expected);
  });
});

describe("a file that grows between the look at its size and the read", () => {
  it("is looked at again, so that no batch is empty and no line has the time of an earlier look", async () => {
    const dir = mkdtempSync(join(tmpdir(), "weir-times-"));
    const journal = await openJournal(dir);
    const content = Buffer.from("one\ntwo\n");
    const bytes: ByteReader = {
      mediumBytes: 0,
      read: async (position, target, at, length) => content.copy(target, at, position, position + length),
      close: async () => {},
    };
    const entry = await createRegistry(journal).add({
      topic: "logs",
      generation: 0,
      origin: "file",
      isPending: false,
      path: "app.log",
      inode: "1:1",
      headBytes: 4,
      headSha256: headSha256(content.subarray(0, 4)),
      appended: [{ from: 0, to: 4, us: 100 }],
      format: "plain",
      isComplete: false,
      offset: 0,
      prefixCrc: 0,
      tailBytes: 0,
      tailCrc: 0,
    });
    // The second line comes just after the first look.
    const looks = [
      { sizeBytes: 4, mtimeUs: 100 },
      { sizeBytes: 8, mtimeUs: 200 },
    ];
    const source = await createEntrySource(
      {
        options: {
          store: journal,
          topic: "logs",
          frame,
          recordBytesMax: 100,
          joins: () => false,
          detect: () => "plain",
        },
        entry,
        fingerprint: EMPTY_FINGERPRINT,
        endMeans: "line",
        openBytes: async () => bytes,
        standing: async () => looks.shift() ?? { sizeBytes: 8, mtimeUs: 200 },
        sample: async () => content,
        range: async () => ({ begin: 0n, end: 8n }),
        release: async () => {},
        close: async () => {},
      },
      bytes,
    );
    const limit = { recordsMax: 10, bytesMax: 1000 };
    expect(await source.read(0n, limit)).toMatchObject({ count: 1, nextOffset: 4n, appendTimeUs: 100 });
    expect(await source.read(4n, limit)).toMatchObject({ count: 1, nextOffset: 8n, appendTimeUs: 200 });
    expect(await source.read(8n, limit)).toBeNull();
    await source.close();
    await journal.close();
    rmSync(dir, { recursive: true });
  });
});
