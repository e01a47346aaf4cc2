import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SimulateOptions, simulate } from "../../processors/services/simulate.ts";
import { SHOP_SERVICES } from "../../processors/simulate/services.ts";
import { createShop } from "../../processors/simulate/shop.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-simulate-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 2026-03-02T09:00:00Z, a Monday. */
const MORNING = 1_772_442_000;
const HOUR = 3600;

function optionsOf(options: Partial<SimulateOptions> = {}): SimulateOptions {
  const range = { fromSecond: MORNING, toSecond: MORNING + HOUR };
  const shop = { seed: 2, ratePerSecond: 5, timezone: "Europe/Paris", incidentsPerDay: 48 };
  const { signal } = new AbortController();
  return { directory: join(folder, "shop"), ...shop, ...range, isCompressed: false, signal, ...options };
}

function contentOf(name: string, directory = "shop"): Buffer {
  return readFileSync(join(folder, directory, name));
}

describe("a simulated shop in files", () => {
  it("has the lines of every second, one file per service, as old as the end, with the truth beside them", async () => {
    const options = optionsOf();
    const result = await simulate(options);
    const shop = createShop({ ...options, startUs: 0 });
    for (const service of SHOP_SERVICES) {
      const seconds = Array.from({ length: HOUR }, (_, i) => shop.lines(service, MORNING + i));
      const expected = seconds.filter((text) => text !== "").join("\n");
      expect(contentOf(`${service}.log`).toString("latin1")).toBe(`${expected}\n`);
      const file = result.files.find((found) => found.service === service)!;
      expect([file.lines, file.bytes]).toEqual([expected.split("\n").length, expected.length + 1]);
      expect(statSync(file.file).mtimeMs).toBe((MORNING + HOUR) * 1000);
    }
    const truth = contentOf("truth.csv").toString().trim().split("\n");
    expect(truth[0]).toBe("kind,service,start,end");
    expect(truth.length - 1).toBe(shop.incidents(MORNING, MORNING + HOUR).length);
    expect(result.incidents).toBe(truth.length - 1);
    expect(contentOf("deploys.csv").toString()).toMatch(/^time,service,version\n/);
    expect(readdirSync(options.directory).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  it("in two parts has the bytes of the whole", async () => {
    await simulate(optionsOf());
    const middle = MORNING + 1234;
    await simulate(optionsOf({ directory: join(folder, "a"), toSecond: middle }));
    await simulate(optionsOf({ directory: join(folder, "b"), fromSecond: middle }));
    for (const service of SHOP_SERVICES) {
      const name = `${service}.log`;
      expect(Buffer.concat([contentOf(name, "a"), contentOf(name, "b")]).equals(contentOf(name))).toBe(true);
    }
  });

  it("compressed holds the same", async () => {
    await simulate(optionsOf());
    await simulate(optionsOf({ directory: join(folder, "zst"), isCompressed: true }));
    const unpacked = zstdDecompressSync(contentOf("shop-front.log.zst", "zst"));
    expect(unpacked.equals(contentOf("shop-front.log"))).toBe(true);
  });

  it("leaves nothing half when it is ended early", async () => {
    const { files } = await simulate(optionsOf({ signal: AbortSignal.abort() }));
    expect(files).toEqual([]);
    expect(readdirSync(join(folder, "shop")).filter((name) => name.includes("log"))).toEqual([]);
  });

  it("says which folder can't be written to, and which zone is unknown", async () => {
    writeFileSync(join(folder, "file"), "");
    const directory = join(folder, "file", "below");
    await expect(simulate(optionsOf({ directory }))).rejects.toThrow(directory);
    await expect(simulate(optionsOf({ timezone: "Nowhere" }))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});
