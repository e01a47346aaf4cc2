import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTemplates } from "../../processors/services/templates.ts";
import { configOf } from "../support/config-of.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-templates-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = configOf("");

async function templatesOf(name: string, content: string | Buffer): Promise<string[]> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const [result] = await writeTemplates({ config, files: [path], directory: join(folder, "out") });
  expect(result.written).not.toContain(".gz");
  return readFileSync(result.written, "latin1").slice(0, -1).split("\n");
}

describe("templates of files", () => {
  it("are refused where they can't be written to", async () => {
    const files = [join(folder, "some.log")];
    writeFileSync(files[0], "a\n");
    await expect(writeTemplates({ config, files, directory: join(files[0], "out") })).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  it("are of the messages, a row for every line, in order", async () => {
    const content = [
      "2024-02-29 01:02:03 INFO c.e.Shop: order 7 taken",
      "",
      "2024-02-29 01:02:04 INFO c.e.Shop: order 8 taken",
      '2024-02-29 01:02:05 INFO c.e.Shop: a, "b"',
      "\tat x",
      "2024-02-29 01:02:06 INFO c.e.Shop: cut",
    ].join("\n");
    const expected = ["template", "order <*> taken", "", "order <*> taken", '"a, ""<*>"""', "at x", "cut"];
    const found = await templatesOf("shop.log", content);
    expect(found).toEqual(expected);
    expect(await templatesOf("more.log.gz", gzipSync(content))).toEqual(found);
  });

  it("are of the whole line, masked, where there is no message", async () => {
    const line = '198.51.100.7 - - [29/Feb/2024:01:02:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "x <ann@example.com>"\n';
    const [, template] = await templatesOf("access.log", line);
    expect(template).not.toContain("ann");
    expect(template).toContain("GET");
  });

  it("are all there of a file longer than what is read at once", async () => {
    const found = await templatesOf(
      "long.log",
      "2024-02-29 01:02:03 INFO order 7 taken from the shelf\n".repeat(90_000),
    );
    expect(found).toHaveLength(90_001);
    expect(new Set(found.slice(1))).toEqual(new Set(["order <*> taken from the shelf"]));
  });

  it("of two files with one name are refused before anything is written", async () => {
    const files = [join(folder, "a", "x.log"), join(folder, "b", "x.log")];
    const directory = join(folder, "none");
    await expect(writeTemplates({ config, files, directory })).rejects.toMatchObject({ code: "USAGE" });
    expect(existsSync(directory)).toBe(false);
  });
});
