import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkEvents, checkWeir } from "./check.ts";
import { type ChildRun, runNode, runWeir } from "./child.ts";
import type { Expected } from "./expected.ts";
import type { ShopKind } from "./input.ts";
import type { RivalMethod } from "./options.ts";
import type { Scratch } from "./scratch.ts";

const ENGINE_ALONE = fileURLToPath(new URL("./engine-alone.ts", import.meta.url));

/** One file, loaded once into an empty data directory. */
export interface LoadRun extends ChildRun {
  /** Without the process's start and end: what `weir load` says of itself, or the rival's insert. */
  readonly loadSeconds: number;
  /** What was wrong in the store. */
  readonly problems: readonly string[];
}

export async function loadWithWeir(
  file: string,
  kind: ShopKind,
  expected: Expected,
  scratch: Scratch,
): Promise<LoadRun> {
  return inEmptyFolder("weir", scratch, async (cwd, data) => {
    const run = await runWeir(["load", file, "--data", data, "--no-close", "--json"], cwd);
    const { seconds } = JSON.parse(run.stdout) as { seconds: number };
    return { ...run, loadSeconds: seconds, problems: await checkWeir(data, cwd, kind, expected) };
  });
}

export async function loadWithEngineAlone(
  file: string,
  kind: ShopKind,
  method: RivalMethod,
  expected: Expected,
  scratch: Scratch,
): Promise<LoadRun> {
  return inEmptyFolder("engine-alone", scratch, async (cwd, data) => {
    const run = await runNode(ENGINE_ALONE, [data, file, kind, method], cwd);
    const { seconds } = JSON.parse(run.stdout) as { seconds: number };
    return { ...run, loadSeconds: seconds, problems: await checkEvents(data, cwd, kind, expected) };
  });
}

async function inEmptyFolder<T>(
  name: string,
  scratch: Scratch,
  use: (cwd: string, data: string) => Promise<T>,
): Promise<T> {
  const cwd = scratch.makeFolder(name);
  const result = await use(cwd, `${cwd}/data`);
  rmSync(cwd, { recursive: true });
  return result;
}
