import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { openEmbedded } from "../../processors/clickhouse/embedded.ts";
import { makeTestFolder } from "./folder.ts";

/** While it is true, no folder can be given its mode. */
const disk = vi.hoisted(() => ({ isBroken: false }));
vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...original,
    chmod: (path: string, mode: number) =>
      disk.isBroken ? Promise.reject(new Error("EIO: i/o error")) : original.chmod(path, mode),
  };
});

describe("an embedded store that can't make its folder for inserts", () => {
  it("says so, and leaves the store to other processes", async () => {
    const dataDir = await makeTestFolder();
    disk.isBroken = true;
    await expect(openEmbedded(dataDir)).rejects.toMatchObject({
      code: "STORE_UNREACHABLE",
      message: expect.stringContaining(join(dataDir, "tmp")),
    });
    disk.isBroken = false;
    const module = new URL("../../processors/clickhouse/embedded.ts", import.meta.url).href;
    const script = `
      import { openEmbedded } from ${JSON.stringify(module)};
      const store = await openEmbedded(${JSON.stringify(dataDir)});
      console.log((await store.query("SELECT 1 AS one"))[0].one);
      await store.close();`;
    const other = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(other).toMatchObject({ status: 0, stdout: "1\n" });
  });
});
