import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { secondText } from "../../processors/simulate/second-text.ts";
import type { ShopService } from "../../processors/simulate/services.ts";
import { createShop } from "../../processors/simulate/shop.ts";

/*
 * Input files for benchmarks. Each function writes its file once: if it is there, it is left alone, so the name must
 * say what the arguments were. A file that is there is complete: it is renamed into place when it has been written.
 */

/** Time of the first line: 2026-03-02T00:00:00Z, a Monday. */
export const START_SECOND = 1_772_409_600;

/** Lines of the simulated shop's one service per second, and more at noon; only the speed of the clock depends on it. */
const SHOP_RATE_PER_SECOND = 2000;
const BUFFER_BYTES = 1 << 20;

const SERVICES = {
  access: "shop-front",
  json: "shop-orders",
  logfmt: "shop-payments",
} as const satisfies Record<string, ShopService>;

export type ShopKind = keyof typeof SERVICES;

/**
 * Writes `events` lines that repeat those of a combined-format access log. The [time] of line k is START_SECOND +
 * k / rate, everything else is as it was, byte for byte; a line without a [time] is as it was altogether.
 */
export function writeLooped(inputPath: string, outPath: string, events: number, ratePerSecond: number): void {
  if (existsSync(outPath)) return;
  const text = readFileSync(inputPath, "latin1");
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n").map(splitAtTime);
  writeFile(outPath, (write) => {
    let second = -1;
    let time = "";
    for (let k = 0, next = 0; k < events; k++) {
      if (Math.floor(k / ratePerSecond) !== second) {
        second = Math.floor(k / ratePerSecond);
        time = secondText(START_SECOND + second, 0).common;
      }
      const { before, after } = lines[next];
      write(after === "" ? before + "\n" : before + time + after + "\n");
      if (++next === lines.length) next = 0;
    }
  });
}

/**
 * Writes `events` lines of one service of the simulated shop, without incidents: all different, with trace ids (and
 * order ids) that occur once in the file. `json` lines have 15 fields and some 470 bytes.
 */
export function writeShop(kind: ShopKind, outPath: string, events: number, seed: number): void {
  if (existsSync(outPath)) return;
  const shop = createShop({ seed, ratePerSecond: SHOP_RATE_PER_SECOND, startUs: 0, incidentsPerDay: 0 });
  writeFile(outPath, (write) => {
    let left = events;
    for (let second = START_SECOND; left > 0; second++) {
      const lines = shop.lines(SERVICES[kind], second);
      if (lines === "") continue;
      let end = 0;
      let count = 0;
      for (; count < left && end < lines.length; count++) {
        const newline = lines.indexOf("\n", end + 1);
        end = newline < 0 ? lines.length : newline;
      }
      write(lines.slice(0, end));
      write("\n");
      left -= count;
    }
  });
}

function splitAtTime(line: string): { before: string; after: string } {
  const open = line.indexOf("[");
  const close = line.indexOf("]", open);
  if (open < 0 || close < 0) return { before: line, after: "" };
  return { before: line.slice(0, open + 1), after: line.slice(close) };
}

/** Byte text goes out through one buffer, in large writes. */
function writeFile(outPath: string, fill: (write: (text: string) => void) => void): void {
  mkdirSync(dirname(outPath), { recursive: true });
  const partPath = `${outPath}.${process.pid}.part`;
  const file = openSync(partPath, "w");
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let filled = 0;
  const flush = () => {
    for (let done = 0; done < filled; ) done += writeSync(file, buffer, done, filled - done);
    filled = 0;
  };
  try {
    fill((text) => {
      for (let done = 0; done < text.length; ) {
        if (filled === BUFFER_BYTES) flush();
        const written = buffer.latin1Write(done === 0 ? text : text.slice(done), filled);
        filled += written;
        done += written;
      }
    });
    flush();
    closeSync(file);
    renameSync(partPath, outPath);
  } catch (error) {
    rmSync(partPath, { force: true });
    throw error;
  }
}
