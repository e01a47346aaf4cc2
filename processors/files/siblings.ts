import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Neighbours of a path that are looked at: what rotation makes of one log. */
const SIBLINGS_MAX = 200;

/** Files beside a path that may be what rotation made of it: `access.log` has `access.log.1`, `access.log-20260302.gz` and `access-2026.log`. */
export async function siblingsOf(path: string): Promise<string[]> {
  const folder = dirname(path);
  const name = basename(path);
  const stem = name.replace(/(?<=.)[.].*$/, "");
  const names = await readdir(folder).catch(() => []);
  const alike = names.filter((other) => other !== name && other.startsWith(stem)).sort();
  return alike
    .sort((a, b) => Number(isRotationOf(b, name)) - Number(isRotationOf(a, name)))
    .slice(0, SIBLINGS_MAX)
    .map((other) => join(folder, other));
}

/** `access.log` of `access.log.2.gz`, `access.log-20260302` and `access.log.old`: the path without what rotation adds; itself without any. */
export function unrotated(path: string): string {
  return path.replace(/\.(gz|zst|zstd)$/i, "").replace(/[.-](\d{1,10}|\d{4}-\d\d-\d\d([-_.T]\d+)*|old|bak)$/i, "");
}

/** Whether a path is one that rotation gives to the file that was at another, or at that one's own origin. */
export function isRotationOf(path: string, other: string): boolean {
  return path !== other && unrotated(path) === unrotated(other);
}
