import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRandom } from "../mask/corpus.ts";
import { accountOf, makeFolder, weir, wholeAccount } from "./workbench.ts";

const LINES = 60_000;

/** Lines that compress badly, about 13 MB. */
function noisyLines(): string {
  const random = createRandom(9);
  let text = "";
  for (let i = 0; i < LINES; i++) {
    text += `2026-03-02 10:00:00 INFO ${i}`;
    for (let word = 0; word < 24; word++) text += ` ${random(0x7fffffff).toString(36)}`;
    text += "\n";
  }
  return text;
}

/** Mounts a file system in memory of this size; null when this process may not. */
function mountSmall(folder: string, size: string): string | null {
  const place = join(folder, "small");
  mkdirSync(place);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", place], { stdio: "ignore" });
  } catch {
    return null;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", place]));
  return place;
}

const canMount = process.getuid?.() === 0 && process.platform === "linux";

describe("a full disk", { timeout: 240_000 }, () => {
  for (const [name, isPiped] of [
    ["a file", false],
    ["a pipe", true],
  ] as const) {
    it(`ends the load of ${name} with a sentence, and loses and doubles no line when there is room again`, async () => {
      const folder = makeFolder();
      const place = canMount ? mountSmall(folder, "18m") : null;
      if (place === null) {
        // Only root can make a disk that is full; where nobody checks it, that must be seen.
        expect(process.env["CI"], "Full disks can't be tested here: mounting a tmpfs needs root.").not.toBe("true");
        console.warn("Full disks were not tested: mounting a tmpfs needs root.");
        return;
      }
      const data = join(place, "data");
      const file = join(folder, "app.log");
      const content = noisyLines();
      writeFileSync(file, content);
      const env = { WEIR_BATCH__RECORDS: "2000" };
      const load = () =>
        isPiped
          ? weir(["load", "-", "--data", data], { env, input: content })
          : weir(["load", file, "--data", data], { env });
      for (let i = 0; i < 2; i++) {
        const full = await load();
        expect(full).toMatchObject({ code: 1, signal: null, stdout: "" });
        expect(full.stderr).toMatch(/^weir: [^\n]*(free|Free) some space[^\n]*\. \[(STORE|JOURNAL)_DISK_FULL\]\n$/);
      }
      execFileSync("mount", ["-o", "remount,size=300m", place]);
      expect(await load()).toMatchObject({ code: 0, stderr: "" });
      expect(await accountOf(data)).toEqual(wholeAccount(LINES));
    });
  }
});
