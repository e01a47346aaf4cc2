import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { partlyHidden, triedMaskText, tryMask } from "../../processors/services/try-mask.ts";
import { plantedLines } from "./planted.ts";
import { configOf, makeFolder, weir } from "./workbench.ts";

function write(lines: readonly string[]): { file: string; data: string } {
  const folder = makeFolder();
  const file = join(folder, "app.log");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { file, data: join(folder, "data") };
}

describe("weir mask --try", { timeout: 240_000 }, () => {
  it("tells per rule how many values it found, on how many lines, and with which evidence", async () => {
    const { file, data } = write([
      JSON.stringify({ message: "from joe.doe@example.com to ann@example.org", n: 1 }),
      JSON.stringify({ message: "charged 4111111111111111", pan: "5500005555555559" }),
      JSON.stringify({ message: "looked up 4111111111111112 and 4111111111111113" }),
      JSON.stringify({ message: "nothing", password: "hunter2hunter2", path: "/room-417" }),
    ]);
    const yaml = 'mask: {patterns: [{name: room, pattern: "room-([0-9]+)"}]}';
    const tried = await tryMask({ config: configOf(data, { yaml }), file, format: "auto", linesMax: 100 });
    expect(tried).toMatchObject({ format: "json", lines: 4, linesTouched: 3, isCut: false });
    const of = (rule: string) => tried.rules.find((row) => row.rule === rule);
    expect(of("email")).toMatchObject({ values: 2, lines: 1, withEvidence: 2, byChance: null });
    // Four numbers have the shape of a card's; one in ten passes the check digit by chance.
    expect(of("payment_card")).toMatchObject({ values: 2, lines: 1, withEvidence: 1, byChance: 0.4, precision: 0.8 });
    expect(of("secret_value")).toMatchObject({ values: 1 });
    expect(of("room")).toMatchObject({ values: 1 });
    expect(of("email")?.examples[0]).toEqual({
      value: "jo…@ex….com",
      becomes: "<email:…>",
      context: "body: from jo…@ex….com to <email:…>",
    });
    expect(triedMaskText(tried)).toContain(
      "4 lines, read as json; 3 of them (75.0 %) would be masked. Nothing was stored.",
    );
  });

  it("shows nothing of what it finds but its edges, and stores nothing", async () => {
    const planted = plantedLines(4, 9).filter(({ format }) => format === "json");
    const { file, data } = write(planted.map(({ line }) => line));
    for (const more of [[], ["--json"]]) {
      const ended = await weir(["mask", "--try", file, "--data", data, ...more]);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      expect(planted.filter(({ value }) => ended.stdout.includes(value))).toEqual([]);
    }
    expect(existsSync(data)).toBe(false);
  });

  it("reads no more lines than it is told", async () => {
    const { file, data } = write(Array.from({ length: 50 }, (_, i) => `line ${i} of ${i}joe@example.com`));
    const tried = await tryMask({ config: configOf(data), file, format: "text", linesMax: 20 });
    expect(tried).toMatchObject({ lines: 20, linesTouched: 20, isCut: true });
    expect(tried.rules[0].examples).toHaveLength(5);
  });

  it("hides most of a value, and all of a secret but its first character", () => {
    expect(partlyHidden("4111111111111111", false)).toBe("41…11");
    expect(partlyHidden("1234567", false)).toBe("1…");
    expect(partlyHidden("hunter2hunter2", true)).toBe("h… (14 characters)");
  });
});
