import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../../processors/runtime/folder.ts";

describe("a folder", () => {
  let base = "";
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), "weir-folder-"));
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it("is made with those above it, and left alone when it is there", () => {
    const path = join(base, "a", "b", "c");
    makeFolder(path, 0o700);
    makeFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it("is refused where a file is in the way", () => {
    writeFileSync(join(base, "file"), "");
    expect(() => makeFolder(join(base, "file", "x"))).toThrow(/ENOTDIR|EEXIST/);
  });

  it.runIf(existsSync("/proc/self"))("is refused where there can't be any, instead of being tried for ever", () => {
    expect(() => makeFolder("/proc/weir/x")).toThrow(/ENOENT|EACCES|EPERM/);
  });
});
