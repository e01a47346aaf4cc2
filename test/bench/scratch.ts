import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY_DIR = "/dev/shm";
const FREE_BYTES_MIN = 4 * 2 ** 30;

/** A folder for inputs and stores, in memory where there is room, so that a slow disk is not what is measured. */
export interface Scratch {
  readonly dir: string;
  /** A new, empty folder in it. */
  makeFolder(name: string): string;
  remove(): void;
}

export function openScratch(): Scratch {
  const dir = mkdtempSync(join(hasRoomInMemory() ? MEMORY_DIR : tmpdir(), "weir-bench-"));
  let made = 0;
  return {
    dir,
    makeFolder(name) {
      const folder = join(dir, `${name}-${++made}`);
      mkdirSync(folder);
      return folder;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function hasRoomInMemory(): boolean {
  if (!existsSync(MEMORY_DIR)) return false;
  const { bavail, bsize } = statfsSync(MEMORY_DIR);
  return bavail * bsize > FREE_BYTES_MIN;
}
