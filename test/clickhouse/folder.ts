import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A new folder whose name has what paths may have; deleted by whoever asked for it. */
export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'weir it\'s "ü" '));
}

/** The same, deleted when the test is over. */
export async function makeTestFolder(): Promise<string> {
  const folder = await makeFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
