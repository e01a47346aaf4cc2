import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { frame } from "../../processors/decode/frame.ts";
import { openFileSource } from "../../processors/files/file-source.ts";
import { openStdinSource } from "../../processors/files/stdin-source.ts";
import type { Journal } from "../../processors/journal/journal.ts";
import { openJournal } from "../../processors/journal/journal.ts";
import { openJournalSource } from "../../processors/journal/journal-source.ts";
import type { Source } from "../../processors/model/ports.ts";
import { type MadeSource, type MakeOptions, sourceContract } from "../contract/source.ts";

/** A source over a journal in a folder of its own; `open` is called anew for every opening. */
async function made(open: (journal: Journal, dir: string) => Promise<Source>): Promise<MadeSource> {
  const dir = mkdtempSync(joinPath(tmpdir(), "weir-source-"));
  let journal = await openJournal(dir);
  let source = await open(journal, dir);
  async function close(): Promise<void> {
    await source.close();
    await journal.close();
  }
  return {
    source,
    async reopen() {
      await close();
      journal = await openJournal(dir);
      source = await open(journal, dir);
      return source;
    },
    async dispose() {
      await close();
      rmSync(dir, { recursive: true });
    },
  };
}

function common({ join, recordBytesMax }: MakeOptions) {
  return { topic: "logs", frame, recordBytesMax, joins: () => join, detect: () => "plain" };
}

function fileOf(content: Buffer, options: MakeOptions): Promise<MadeSource> {
  return made(async (store, dir) => {
    const path = joinPath(dir, "app.log");
    writeFileSync(path, content);
    return openFileSource({ ...common(options), store, path, endMeans: "final" });
  });
}

/** Members as rotation tools that append make them. */
function inThree(content: Buffer, compress: (piece: Buffer) => Buffer): Buffer {
  const third = Math.ceil(content.length / 3);
  return Buffer.concat([0, 1, 2].map((i) => compress(content.subarray(i * third, (i + 1) * third))));
}

sourceContract("a plain file", fileOf);
sourceContract("a gzip file", (content, options) => fileOf(inThree(content, gzipSync), options));
sourceContract("a zstd file", (content, options) => fileOf(inThree(content, zstdCompressSync), options));

sourceContract("the journal", (content, { join, recordBytesMax }) =>
  made(async (journal) => {
    const parts = { journal, topic: "logs", partition: 3, format: "plain", frame, join, recordBytesMax };
    const source = await openJournalSource(parts);
    if ((await source.range()).end === 0n) await source.append(content, 1_700_000_000_000_000);
    return source;
  }),
);

sourceContract("standard input", (content, options) =>
  made(async (store) => {
    async function* input() {
      for (let i = 0; i < content.length; i += 3001) yield content.subarray(i, i + 3001);
    }
    return openStdinSource({ ...common(options), store, input: input(), nowUs: () => 1_700_000_000_000_000 });
  }),
);
