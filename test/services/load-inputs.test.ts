import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createLoadInputs } from "../../processors/services/load-inputs.ts";

function makeFiles(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "weir-inputs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "deep"));
  for (const name of names) writeFileSync(join(folder, name), `${name}\n`);
  return folder;
}

async function all(inputs: readonly string[], meanwhile: Record<number, () => void> = {}): Promise<string[]> {
  const taken = createLoadInputs(inputs, join(inputs[0], "data"));
  const names: string[] = [];
  for (let found = await taken.next(); found !== null; found = await taken.next()) {
    names.push(basename(found.path));
    meanwhile[names.length]?.();
  }
  return names;
}

it("takes files, folders with what is below them, and patterns, each file once", async () => {
  const folder = makeFiles("a.log", "b.log", "deep/c.txt", ".hidden");
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data", "own.log"), "own\n");
  expect(await all([folder, join(folder, "a.log")])).toEqual(["a.log", "b.log", "c.txt"]);
  expect(await all([join(folder, "*.log"), join(folder, "missing")])).toEqual(["a.log", "b.log", "missing"]);
});

it("takes what rotation has moved meanwhile where it is then, and nothing that was not asked for", async () => {
  const folder = makeFiles("a.log", "a.log.1", "a.log.2", "a.log.7");
  const [file, ...older] = ["a.log", "a.log.1", "a.log.2", "a.log.3"].map((name) => join(folder, name));
  const rotate = () => {
    for (const i of [1, 0]) renameSync(older[i], older[i + 1]);
    renameSync(file, older[0]);
    writeFileSync(file, "new\n");
  };
  expect(await all([file, older[0], older[1]], { 1: rotate })).toEqual([
    ...["a.log", "a.log.1", "a.log.2"],
    ...["a.log.1", "a.log.2", "a.log.3"],
  ]);
});
