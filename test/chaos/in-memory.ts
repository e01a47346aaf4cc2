import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const MEMORY = "/dev/shm";
const FREE_BYTES_MIN = 8 * 2 ** 30;

/** Where a run's folder is best made: in memory where there is room. A killed process loses nothing of it. */
export function inMemory(): string {
  if (!existsSync(MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize > FREE_BYTES_MIN ? MEMORY : tmpdir();
}
