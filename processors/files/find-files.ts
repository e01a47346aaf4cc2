import type { Dirent } from "node:fs";
import { glob, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { unreadable } from "./byte-reader.ts";

/** A file that an argument means. */
export interface FoundFile {
  readonly path: string;
  /** named: the argument is its path; matched: by a pattern; listed: it is in a folder that was named. */
  readonly by: "named" | "matched" | "listed";
}

/**
 * Paths that match glob patterns (`*`, `?`, `[…]`, `{…}`, `**`), sorted, each once; folders are left out. Patterns
 * without a leading `/` begin in the working directory. Throws SOURCE_UNREADABLE.
 */
export async function findFiles(patterns: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  try {
    for await (const entry of glob(patterns, { withFileTypes: true })) {
      if (!entry.isDirectory()) found.add(join(entry.parentPath, entry.name));
    }
  } catch (error) {
    throw unreadable(patterns.join(", "), error);
  }
  return [...found].sort();
}

/**
 * The files that paths, folders (with all that is below them, but hidden ones) and patterns mean now, each once, in the order of the
 * arguments; `except` is a folder that is none of them. A path that is not there is given as it is. Throws SOURCE_UNREADABLE.
 */
export async function findInputs(inputs: readonly string[], except: string): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  const add = (path: string, by: FoundFile["by"]) => {
    if (!found.has(path)) found.set(path, { path, by });
  };
  for (const input of inputs) {
    const there = await stat(input).catch(() => null);
    if (there?.isDirectory()) for (const path of await filesBelow(input, resolve(except))) add(path, "listed");
    else if (there === null && /[*?[{]/.test(input)) for (const path of await findFiles([input])) add(path, "matched");
    else add(input, "named");
  }
  return [...found.values()];
}

async function filesBelow(folder: string, except: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error);
  }
  const paths: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || resolve(path) === except) continue;
    // A folder below that may not be read keeps nobody from the others.
    if (entry.isDirectory()) paths.push(...(await filesBelow(path, except).catch(() => [])));
    else if (entry.isFile()) paths.push(path);
    else if (entry.isSymbolicLink() && (await stat(path).catch(() => null))?.isFile()) paths.push(path);
  }
  return paths;
}
