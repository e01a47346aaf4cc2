import { appendFileSync, copyFileSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../processors/runtime/clock.ts";
import { load } from "../../processors/services/load.ts";
import { writeShop } from "../bench/input.ts";
import { createRandom } from "../mask/corpus.ts";
import { accountOf, ask, askValue, configOf, loadInto, makeFolder, textLines, wholeAccount } from "./workbench.ts";

/** Lines that compress badly. */
function noise(lines: number): string {
  const random = createRandom(4);
  return Array.from(
    { length: lines },
    (_, i) => `${i} ${random(0x7fffffff).toString(36)} ${random(0x7fffffff)}\n`,
  ).join("");
}

function countsOf(files: readonly { file: string; lines: number; events: number }[]): unknown[] {
  return files.map(({ lines, events }) => [lines, events]);
}

describe("weir load", { timeout: 240_000 }, () => {
  it("makes one event of every line of every file, detects each file's format, and sums up what it did", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const files = ["shop.log", "orders.json", "pay.log.2"].map((name) => join(folder, name));
    writeShop("access", files[0], 700, 1);
    writeShop("json", files[1], 300, 1);
    writeShop("logfmt", files[2], 200, 1);
    const summary = await loadInto(data, files);
    expect(
      summary.files.map(({ source, format, lines, events, wasLoaded }) => [source, format, lines, events, wasLoaded]),
    ).toEqual([
      ["shop", "combined", 700, 700, false],
      ["orders", "json", 300, 300, false],
      ["pay", "logfmt", 200, 200, false],
    ]);
    expect(summary).toMatchObject({ lines: 1200, events: 1200, codes: {}, from: "2026-03-02T00:00:00.000Z" });
    expect(summary.storedBytesPerEvent).toBeGreaterThan(1);
    expect(await accountOf(data)).toEqual(wholeAccount(1200));
    expect(await ask(data, "SELECT source, format, count() AS n FROM events GROUP BY ALL ORDER BY source")).toEqual([
      { source: "orders", format: "json", n: "300" },
      { source: "pay", format: "logfmt", n: "200" },
      { source: "shop", format: "combined", n: "700" },
    ]);
    const [{ to }] = await ask<{ to: string }>(
      data,
      "SELECT formatDateTime(max(timestamp), '%Y-%m-%dT%H:%i:%S', 'UTC') AS to FROM events",
    );
    expect(summary.to?.slice(0, 19)).toBe(to);
    expect(await ask(data, "SELECT sum(records) AS records, sum(ok) AS ok FROM completeness")).toEqual([
      { records: "1200", ok: "1200" },
    ]);
    expect(await askValue(data, "SELECT sum(events) FROM service_1m")).toBe(1200);
  });

  it("gives every line of generated files back byte for byte", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    for (const kind of ["access", "json", "logfmt"] as const) {
      const file = join(folder, `${kind}.log`);
      writeShop(kind, file, 300, 2);
      await loadInto(data, [file], { yaml: "mask: {enabled: false}" });
      const rows = await ask<{ hex: string }>(
        data,
        `SELECT hex(line) AS hex FROM events WHERE source = '${kind}' ORDER BY \`offset\``,
      );
      const stored = rows.map(({ hex }) => Buffer.from(hex, "hex").toString("latin1"));
      expect(stored).toEqual(readFileSync(file, "latin1").trimEnd().split("\n"));
    }
  });

  it("loads a file once, whether it is named again, renamed, copied or compressed", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    writeFileSync(file, textLines(500));
    expect((await loadInto(data, [file, file])).lines).toBe(500);
    expect((await loadInto(data, [file])).files).toMatchObject([{ lines: 0, wasLoaded: true, isCopyOf: null }]);
    copyFileSync(file, join(folder, "copy.log"));
    writeFileSync(join(folder, "app.log.gz"), gzipSync(textLines(500)));
    writeFileSync(join(folder, "app.log.zst"), zstdCompressSync(Buffer.from(textLines(500))));
    const copies = ["copy.log", "app.log.gz", "app.log.zst"].map((name) => join(folder, name));
    const summary = await loadInto(data, copies);
    expect(summary.files.map(({ lines, wasLoaded, isCopyOf }) => [lines, wasLoaded, isCopyOf])).toEqual(
      copies.map(() => [0, true, file]),
    );
    renameSync(file, join(folder, "app.log.1"));
    expect((await loadInto(data, [join(folder, "app.log.1")])).lines).toBe(0);
    expect(await accountOf(data)).toEqual(wholeAccount(500));
  });

  it("loads two files of the same content, named in one command, once", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const [first, second] = ["a.log", "b.log"].map((name) => join(folder, name));
    writeFileSync(first, textLines(300));
    writeFileSync(second, textLines(300));
    const summary = await loadInto(data, [first, second]);
    expect(countsOf(summary.files)).toEqual([
      [300, 300],
      [0, 0],
    ]);
    expect(summary.files[1].isCopyOf).toBe(first);
    expect(await accountOf(data)).toEqual(wholeAccount(300));
  });

  it("loads what a file has grown by, and a file that was cut and written anew as a new one", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    writeFileSync(file, textLines(500));
    await loadInto(data, [file]);
    appendFileSync(file, textLines(70, 500));
    expect((await loadInto(data, [file])).lines).toBe(70);
    writeFileSync(file, textLines(40, 9000));
    expect((await loadInto(data, [file])).lines).toBe(40);
    expect(await accountOf(data)).toEqual(wholeAccount(610));
    expect(await askValue(data, "SELECT uniqExact(body) FROM events")).toBe(610);
  });

  it("gives what a file has grown by the append time of the second look, so that its event times are believed", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    const at = (hour: number) => `2026-03-02 ${hour}:30:00 INFO job at ${hour}\n`;
    const seen = (hour: number) =>
      utimesSync(file, Date.UTC(2026, 2, 2, hour) / 1000, Date.UTC(2026, 2, 2, hour) / 1000);
    writeFileSync(file, at(10));
    seen(11);
    await loadInto(data, [file]);
    appendFileSync(file, at(17));
    seen(18);
    await loadInto(data, [file]);
    expect(
      await ask(
        data,
        "SELECT formatDateTime(timestamp, '%H:%i') AS time, formatDateTime(observed_timestamp, '%H:%i') AS seen, time_source AS source FROM events ORDER BY `offset`",
      ),
    ).toEqual([
      { time: "10:30", seen: "11:00", source: "event" },
      { time: "17:30", seen: "18:00", source: "event" },
    ]);
  });

  it("does not say of a file that it was loaded before when it is interrupted before it has looked", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    writeFileSync(file, textLines(10));
    const controller = new AbortController();
    const interrupted = await load({
      config: configOf(data),
      files: [file],
      source: null,
      format: "auto",
      // Asked for when the file is about to be opened.
      get again() {
        controller.abort();
        return false;
      },
      stdin: Readable.from([]),
      clock: systemClock,
      signal: controller.signal,
    });
    expect(interrupted).toMatchObject({ lines: 0, wasInterrupted: true });
    expect(interrupted.files).toMatchObject([{ file, lines: 0, wasLoaded: false, isCopyOf: null }]);
    expect(await loadInto(data, [file])).toMatchObject({ lines: 10, wasInterrupted: false });
  });

  it("goes on in the middle of a line that was cut off when the file was loaded", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    const content = textLines(50);
    writeFileSync(file, content.slice(0, -1));
    expect((await loadInto(data, [file])).lines).toBe(50);
    writeFileSync(file, content + textLines(5, 50));
    await loadInto(data, [file]);
    expect(await askValue(data, "SELECT uniqExact(body) FROM events WHERE body LIKE '%done'")).toBe(55);
    expect(await askValue(data, "SELECT count() FROM events")).toBe(55);
  });

  it("loads known content once more when told to, and only then", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    writeFileSync(file, textLines(100));
    await loadInto(data, [file]);
    expect((await loadInto(data, [file], { again: true })).lines).toBe(100);
    expect((await loadInto(data, [file])).lines).toBe(0);
    expect(await accountOf(data)).toEqual(wholeAccount(200));
  });

  it("makes dead letters of lines that are not of the declared format, drops blank lines, and counts both", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.json");
    writeFileSync(file, '{"message":"one"}\nnot json\n\n   \r\n{"message":"two"}\n{"broken\n');
    const summary = await loadInto(data, [file], { format: "json" });
    expect(summary.files).toMatchObject([{ format: "json", lines: 6, events: 2, dropped: 2, deadLetters: 2 }]);
    expect(summary.codes).toEqual({ "dropped BLANK_LINE": 2, "dead_letter PARSE_NOT_JSON": 2 });
    expect(await ask(data, "SELECT code, stage, payload, `offset` FROM dead_letters ORDER BY `offset`")).toEqual([
      { code: "PARSE_NOT_JSON", stage: "parse", payload: "not json", offset: "18" },
      { code: "PARSE_NOT_JSON", stage: "parse", payload: '{"broken', offset: "51" },
    ]);
    expect(await ask(data, "SELECT records, ok, dropped, dead_letters FROM completeness")).toEqual([
      { records: "6", ok: "2", dropped: "2", dead_letters: "2" },
    ]);
    expect((await loadInto(data, [file], { format: "json" })).lines).toBe(0);
  });

  it("keeps the beginning of a line that is too long as a dead letter, and every line around it", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    writeFileSync(file, `${textLines(3)}${"x".repeat(5000)}\n${textLines(3, 3)}${"y".repeat(300_000)}`);
    const summary = await loadInto(data, [file], { env: { WEIR_BATCH__RECORD_BYTES: "4 KiB" } });
    expect(summary.codes).toEqual({ "dead_letter DECODE_RECORD_TOO_LONG": 2 });
    expect(summary).toMatchObject({ lines: 8, events: 6 });
    expect(await ask(data, "SELECT DISTINCT length(payload) AS n FROM dead_letters")).toEqual([{ n: "4096" }]);
    expect((await accountOf(data)).misplacedTiles).toBe(0);
  });

  it("stores bytes that are no text, escape sequences and carriage returns as they came", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const lines = [
      "plain",
      "caf\xe9 \xff\xfe",
      "a\x00b",
      "\x1b[31mred\x1b[0m",
      "tab\there",
      "in\rside",
      "\xe2\x82\xac",
      "\x01body\x01 t.s\x01",
    ];
    const file = join(folder, "app.log");
    writeFileSync(file, Buffer.from(lines.join("\r\n"), "latin1"));
    await loadInto(data, [file], { format: "text" });
    const rows = await ask<{ hex: string }>(data, "SELECT hex(line) AS hex FROM events ORDER BY `offset`");
    expect(rows.map(({ hex }) => Buffer.from(hex, "hex").toString("latin1"))).toEqual(lines);
  });

  it("joins the lines of a stack trace to one event", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const trace =
      "2026-03-02 10:00:00 ERROR broken\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: disk\n\t... 3 more";
    const file = join(folder, "app.log");
    writeFileSync(file, `${textLines(2)}${trace}\n${textLines(2, 2)}`);
    expect(await loadInto(data, [file])).toMatchObject({ lines: 5, events: 5 });
    expect(await ask(data, "SELECT body, line FROM events WHERE severity_text = 'ERROR'")).toEqual([
      { body: trace.slice(trace.indexOf("broken")), line: trace },
    ]);
  });

  it("stores every whole line in front of the damage of an archive, and says where it is", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log.gz");
    const whole = gzipSync(noise(4000));
    writeFileSync(file, whole.subarray(0, whole.length * 0.7));
    const env = { WEIR_BATCH__RECORDS: "300" };
    await expect(loadInto(data, [file], { env })).rejects.toMatchObject({ code: "SOURCE_CORRUPT" });
    const events = Number(await askValue(data, "SELECT count() FROM events"));
    expect(events).toBeGreaterThan(1000);
    expect(await accountOf(data)).toEqual(wholeAccount(events));
    writeFileSync(file, whole);
    await loadInto(data, [file], { env });
    expect(await accountOf(data)).toEqual(wholeAccount(4000));
  });

  it("reads an empty file and one of blank lines without an event", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    writeFileSync(join(folder, "empty.log"), "");
    writeFileSync(join(folder, "blank.log"), "\n\n");
    const summary = await loadInto(data, [join(folder, "empty.log"), join(folder, "blank.log")]);
    expect(summary).toMatchObject({ lines: 2, events: 0, from: null, to: null });
    expect((await accountOf(data)).ledgerRecords).toBe(2);
  });

  it("gives events of a configured source its tenant, service and format", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    writeFileSync(join(folder, "app.log"), "a line\n");
    const yaml = "sources: [{name: app, tenant: acme, service: billing, format: json}]";
    expect(await loadInto(data, [join(folder, "app.log")], { yaml })).toMatchObject({ events: 0, lines: 1 });
    writeFileSync(join(folder, "app2.log"), '{"message":"hello"}\n');
    await loadInto(data, [join(folder, "app2.log")], { yaml, source: "app" });
    expect(await ask(data, "SELECT tenant, service_name FROM events")).toEqual([
      { tenant: "acme", service_name: "billing" },
    ]);
  });

  it("loads what is piped in once, however often and in whatever form it comes", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const content = textLines(400);
    const pipe = () => Readable.from([Buffer.from(content.slice(0, 5000)), Buffer.from(content.slice(5000))]);
    expect((await loadInto(data, ["-"], { stdin: pipe() })).files).toMatchObject([
      { source: "stdin", lines: 400, format: "text" },
    ]);
    expect((await loadInto(data, ["-"], { stdin: pipe() })).lines).toBe(0);
    writeFileSync(join(folder, "app.log"), content);
    expect((await loadInto(data, [join(folder, "app.log")])).lines).toBe(0);
    expect(await accountOf(data)).toEqual(wholeAccount(400));
  });
});
