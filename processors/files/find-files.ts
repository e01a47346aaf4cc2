import { glob } from "node:fs/promises";
import { join } from "node:path";
import { unreadable } from "./byte-reader.ts";

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
