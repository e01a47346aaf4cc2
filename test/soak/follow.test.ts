import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const SOAK = fileURLToPath(new URL("./follow.ts", import.meta.url));

it("rotated, cut and compressed files are stored as they were written, though the process is killed", {
  timeout: 240_000,
}, () => {
  const options = ["--files", "10", "--minutes", "0.1", "--lines", "200", "--seed", "7", "--writers", "1"];
  const { stdout } = spawnSync(process.execPath, [SOAK, ...options], { encoding: "utf8" });
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ lost: 0, duplicated: 0, ok: true });
});
