import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FoundFile, findInputs } from "../files/find-files.ts";
import { isRotationOf, siblingsOf, unrotated } from "../files/siblings.ts";

/** The files of a load, one after the other. */
export interface LoadInputs {
  /** null: there are no more. */
  next(): Promise<FoundFile | null>;
}

/**
 * What the arguments mean, and what rotation makes of it meanwhile: when a file is not where it was at the beginning, those that
 * rotation put beside it since then are loaded as well. What was loaded already is known by its content.
 */
export function createLoadInputs(inputs: readonly string[], except: string): LoadInputs {
  let files: FoundFile[] | null = null;
  /** Inodes of what was to be loaded, by path, and of all that was beside it, at the beginning. */
  const first = new Map<string, string>();
  const unasked = new Set<string>();

  async function begin(): Promise<FoundFile[]> {
    const found = inputs.includes("-")
      ? inputs.map((path): FoundFile => ({ path, by: "named" }))
      : await findInputs(inputs, except);
    for (const { path } of found) first.set(path, await inodeOf(path));
    const asked = new Set(first.values());
    for (const folder of new Set(found.map(({ path }) => dirname(path))))
      for (const name of await readdir(folder).catch(() => [])) {
        const inode = await inodeOf(join(folder, name));
        if (!asked.has(inode)) unasked.add(inode);
      }
    return found;
  }

  /** Files beside those that were moved while others were loaded. */
  async function moved(): Promise<FoundFile[]> {
    const beside = new Map<string, FoundFile>();
    for (const [path, before] of first) {
      if (before === "" || before === (await inodeOf(path))) continue;
      for (const sibling of await siblingsOf(unrotated(path))) {
        const inode = await inodeOf(sibling);
        if (!isRotationOf(sibling, path) || unasked.has(inode) || first.get(sibling) === inode) continue;
        beside.set(sibling, { path: sibling, by: "matched" });
      }
    }
    for (const path of [...first.keys(), ...beside.keys()]) first.set(path, await inodeOf(path));
    return [...beside.values()];
  }

  return {
    async next() {
      files ??= await begin();
      if (files.length === 0) files = await moved();
      return files.shift() ?? null;
    },
  };
}

async function inodeOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found === null ? "" : `${found.dev}:${found.ino}`;
}
