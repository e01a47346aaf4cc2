import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, type ConfigFlags, readConfig } from "../../processors/runtime/config.ts";

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: ConfigFlags;
}

/** The configuration of a file with this content. Only the given environment counts. */
export function configOf(content: string | Uint8Array, { env = {}, flags = {} }: Surroundings = {}): Config {
  return inFolder((folder) => {
    const path = join(folder, "weir.yaml");
    writeFileSync(path, content);
    return readConfig({ path, env, flags });
  });
}

/** The lines of the error that such a file gives: the sentence, then the problems, with the file called weir.yaml. */
export function errorLinesOf(content: string | Uint8Array, surroundings?: Surroundings): string[] {
  return inFolder((folder) => {
    const path = join(folder, "weir.yaml");
    writeFileSync(path, content);
    try {
      readConfig({ path, env: surroundings?.env ?? {}, flags: surroundings?.flags ?? {} });
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return `${code} ${message.replaceAll(path, "weir.yaml")}`.split("\n").map((line) => line.trim());
    }
    return [];
  });
}

/** Does something with a new folder, which is gone afterwards. */
export function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "weir-test-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
