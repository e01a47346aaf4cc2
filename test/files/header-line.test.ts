import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import { openFileSource } from "../../processors/files/file-source.ts";
import { lastHeader } from "../../processors/files/header-line.ts";
import { openKnownFile } from "../../processors/files/known-file.ts";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";

let directory: string;
let journal: Journal;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "weir-header-"));
  journal = await openJournal(directory);
});
afterEach(async () => {
  await journal.close();
  rmSync(directory, { recursive: true });
});

const LINES = ["#Fields: a b", "1 2", "3 4", "#Fields: c", "5", "6", "#Fields: d\r", "7"];
const TEXT = LINES.map((line) => `${line}\n`).join("");

function open() {
  return openFileSource({
    ...{ store: journal, topic: "logs", frame, recordBytesMax: 100, joins: () => false, detect: () => "w3c" },
    ...{ path: join(directory, "u_ex.log"), endMeans: "final", headerPrefix: () => "#Fields:" },
  });
}
const offsetOf = (line: number) => BigInt(LINES.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0));
const TWO = { recordsMax: 2, bytesMax: 1000 };

describe("a source of lines that are read by a header line", () => {
  beforeEach(() => writeFileSync(join(directory, "u_ex.log"), TEXT));

  it("gives each batch the last header before it", async () => {
    const source = await open();
    const headers: (string | undefined)[] = [];
    for (let from = 0n; from < offsetOf(8); ) {
      const batch = await source.read(from, TWO);
      headers.push(batch!.header);
      from = batch!.nextOffset;
    }
    expect(headers).toEqual([undefined, "#Fields: a b", "#Fields: c", "#Fields: c"]);
    await source.close();
  });

  it("knows it after a commit and a new start, and at any other place", async () => {
    let source = await open();
    const first = await source.read(0n, { recordsMax: 5, bytesMax: 1000 });
    await source.commit({ offset: first!.nextOffset, metadata: "" });
    await source.close();
    source = await open();
    for (const [line, header] of [
      [5, "#Fields: c"],
      [7, "#Fields: d"],
      [2, "#Fields: a b"],
      [0, undefined],
    ] as const)
      expect((await source.read(offsetOf(line), TWO))?.header).toBe(header);
    await source.close();
  });

  it("tells whoever reads a stretch again", async () => {
    const source = await open();
    await source.commit({ offset: offsetOf(8), metadata: "" });
    await source.close();
    const file = await openKnownFile(journal, frame, "logs", source.partition);
    const framing = { join: false, recordBytesMax: 100, headerPrefix: "#Fields:", appendTimeUs: 0 };
    const batch = await file!.read(Number(offsetOf(4)), Number(offsetOf(6)), framing);
    expect(batch?.header).toBe("#Fields: c");
    await file!.close();
  });
});

describe("lastHeader", () => {
  const long = `#F${"x".repeat(20_000)}`;
  it.each<[string, string | null, string]>([
    ["a\nb\n", null, "there is none"],
    ["#F1\na\n#F2\nb\n", "#F2", "the last of two"],
    ["#F1\r\na", "#F1", "CR LF"],
    [`#F1\na\n${long}\nb`, "#F1", "one that is too long is none"],
    [`${long}\nb`, null, "nothing but one that is too long"],
    ["a #F1\nb", null, "not at a line's beginning"],
    ["a\n#F1", "#F1", "at the end"],
  ])("of %j is %j: %s", (text, header) => {
    expect(lastHeader(text, 0, text.length, "#F")).toBe(header);
  });
});
