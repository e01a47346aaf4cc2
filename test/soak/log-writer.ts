import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createRandom } from "../support/make-series.ts";

export interface LogWriterOptions {
  readonly folder: string;
  /** Files of all writers; this one has those whose number is `share` modulo `shares`. */
  readonly files: number;
  readonly share: number;
  readonly shares: number;
  readonly seed: number;
  readonly linesPerSecond: number;
}

/** Writes numbered lines to many files and rotates them: a function of its seed and of how often it is called. */
export interface LogWriter {
  /** Some lines to some files, and now and then a rotation. */
  step(seconds: number): void;
  /** Writes the rest of every half line. */
  endLines(): void;
  /** Cuts a share of the files to nothing. Everything in them must be stored. */
  cut(share: number): void;
  /** Lines of each file by its number. */
  written(): [number, number][];
}

interface LogFile {
  readonly number: number;
  readonly path: string;
  lines: number;
  /** Of a line that was begun. */
  rest: string;
  rotations: number;
}

/** Generations that are kept, `.1` to `.N`. */
const GENERATIONS = 5;
const LINES_MAX = 20;
const ROTATIONS_PER_LINE = 1 / 150;

export function createLogWriter(options: LogWriterOptions): LogWriter {
  const random = createRandom(options.seed * 1000 + options.share);
  const files: LogFile[] = [];
  for (let number = options.share; number < options.files; number += options.shares) {
    const path = join(options.folder, `app-x${number}y.log`);
    files.push({ number, path, lines: 0, rest: "", rotations: 0 });
  }
  let owed = 0;

  function append(file: LogFile, count: number): void {
    let text = file.rest;
    for (let i = 0; i < count; i++) {
      const time = new Date().toISOString();
      text += `time=${time} level=info msg="file=${file.number} line=${file.lines++} of the soak"\n`;
    }
    // Now and then half a line waits for the rest.
    const held = random() < 0.2 ? Math.floor(random() * 40) : 0;
    file.rest = text.slice(text.length - held);
    appendFileSync(file.path, text.slice(0, text.length - held));
  }

  function endLine(file: LogFile): void {
    if (file.rest !== "") appendFileSync(file.path, file.rest);
    file.rest = "";
  }

  /** Makes room for a new `.1`: what is there moves on, compressed or not; the oldest goes. */
  function shift(path: string): void {
    for (const end of ["", ".gz"])
      if (existsSync(`${path}.${GENERATIONS}${end}`)) unlinkSync(`${path}.${GENERATIONS}${end}`);
    for (let n = GENERATIONS - 1; n >= 1; n--) {
      for (const end of ["", ".gz"])
        if (existsSync(`${path}.${n}${end}`)) renameSync(`${path}.${n}${end}`, `${path}.${n + 1}${end}`);
    }
    const second = `${path}.2`;
    if (random() < 0.5 && existsSync(second)) {
      const archive = gzipSync(readFileSync(second));
      // As gzip does: for a while there is half an archive, and both.
      const half = Math.floor(archive.length / 2);
      writeFileSync(`${second}.gz`, archive.subarray(0, half));
      appendFileSync(`${second}.gz`, archive.subarray(half));
      unlinkSync(second);
    }
  }

  function rotate(file: LogFile): void {
    if (!existsSync(file.path)) return;
    endLine(file);
    shift(file.path);
    file.rotations++;
    if (random() < 0.5) {
      renameSync(file.path, `${file.path}.1`);
      // The program goes on writing for a moment where it wrote before.
      if (random() < 0.5) {
        const line = `time=${new Date().toISOString()} level=info msg="file=${file.number} line=${file.lines++} of the soak"\n`;
        appendFileSync(`${file.path}.1`, line);
      }
      if (random() < 0.5) writeFileSync(file.path, "");
    } else {
      copyFileSync(file.path, `${file.path}.1`);
      truncateSync(file.path);
    }
  }

  return {
    step(seconds) {
      owed += (seconds * options.linesPerSecond) / options.shares;
      while (owed >= 1) {
        const file = files[Math.floor(random() * files.length)];
        const count = 1 + Math.floor(random() * LINES_MAX);
        append(file, count);
        owed -= count;
        if (random() < count * ROTATIONS_PER_LINE) rotate(file);
      }
    },
    endLines: () => files.forEach(endLine),
    cut(share) {
      for (const file of files) if (random() < share && existsSync(file.path)) truncateSync(file.path);
    },
    written: () => files.map(({ number, lines }) => [number, lines]),
  };
}
