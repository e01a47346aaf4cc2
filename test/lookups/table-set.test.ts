import { mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseCsv } from "../../processors/lookups/csv.ts";
import { openTableSet } from "../../processors/lookups/table-set.ts";
import type { WeirError } from "../../processors/model/errors.ts";
import type { LookupConfig } from "../../processors/model/lookups.ts";

const folder = mkdtempSync(join(tmpdir(), "weir-lookups-"));
afterAll(() => rmSync(folder, { recursive: true }));

function lookup(content: string | Buffer, over: Partial<LookupConfig> = {}): LookupConfig {
  const file = join(folder, `${Math.abs(JSON.stringify(over).length)}-${content.length}.table`);
  writeFileSync(file, content);
  return { name: "hosts", file, keyColumn: "host", field: "host_name", columns: { team: "attributes.team" }, ...over };
}

const nobody = () => expect.unreachable();
async function find(config: LookupConfig, value: string) {
  return (await openTableSet([config], nobody)).current.tables[0].find(value);
}

describe("a CSV text", () => {
  it.each([
    [
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "\ufeffa;b\r\n1;2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a\tb\n\n1\t\n",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    [
      '"a,x","b ""c"""\n"1\n2",',
      [
        ["a,x", 'b "c"'],
        ["1\n2", ""],
      ],
    ],
    ["", []],
  ])("%j has its rows", (text, rows) => {
    expect(parseCsv(text, 10)).toEqual(rows);
  });

  it("has no rows if a quote is not closed", () => {
    expect(parseCsv('a\n"b', 10)).toBeNull();
  });
});

describe("a table", () => {
  it.each([
    "host,team\nweb-1,shop\nweb-2,\nweb-1,other\n",
    '[{"host":"web-1","team":"shop"},{"host":"web-2","team":null}]',
    '{"web-1":{"team":"shop"},"web-2":{"team":""}}',
    '{"host":"web-1","team":"shop"}\n{"host":"web-2"}\n',
  ])("is read out of %j", async (content) => {
    expect(await find(lookup(content), "web-1")).toEqual(["shop"]);
    expect(await find(lookup(content), "web-2")).toEqual([""]);
    expect(await find(lookup(content), "web-3")).toBeNull();
  });

  it("holds and compares byte text", async () => {
    const config = lookup("host,team\ncafé,ä\n");
    expect(await find(config, "caf\xc3\xa9")).toEqual(["\xc3\xa4"]);
  });

  it("is read out of a database of addresses", async () => {
    const path = createRequire(import.meta.url).resolve(
      "@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb",
    );
    const columns = { country_code: "attributes.country", "no.such": "attributes.none" } as const;
    const config = lookup(readFileSync(path), { keyColumn: null, columns });
    expect(await find(config, "8.8.8.8")).toEqual(["US", ""]);
    for (const value of ["192.0.2.1", "host", "", "8.8.8.8:80"]) expect(await find(config, value), value).toBeNull();
  });

  it.each([
    ["a,b\n1,2\n", "has no column host"],
    ["[1]", "must hold objects"],
    ["{", "is no JSON"],
    ['host\n"', "quote that is not closed"],
    ["", "is empty"],
  ])("of %j can't be used at the beginning", async (content, what) => {
    await expect(openTableSet([lookup(content)], nobody)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(what),
    });
  });

  it("without its file can't be used at the beginning", async () => {
    const config = { ...lookup("host,team\n"), file: join(folder, "none") };
    await expect(openTableSet([config], nobody)).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
  });
});

describe("a set of tables", () => {
  it("reads a file again when it changed; its version is that of its content", async () => {
    const config = lookup("host,team\nweb-1,a\n");
    const set = await openTableSet([config], nobody);
    const { version } = set.current;
    expect(await set.refresh()).toBe(set.current);
    const before = set.current;

    writeFileSync(`${config.file}.new`, "host,team\nweb-1,b\n");
    renameSync(`${config.file}.new`, config.file);
    const after = await set.refresh();
    expect(after.version).not.toBe(version);
    expect(after.tables[0].find("web-1")).toEqual(["b"]);
    // Whoever began with the old tables goes on with them.
    expect(before.tables[0].find("web-1")).toEqual(["a"]);

    writeFileSync(config.file, "host,team\nweb-1,a\n");
    expect((await set.refresh()).version).toBe(version);
    const touched = set.current;
    utimesSync(config.file, 1, 1);
    expect(await set.refresh()).toBe(touched);
    expect(touched.tables[0].find("web-1")).toEqual(["a"]);
  });

  it("keeps a table whose new file can't be used, and tells so once", async () => {
    const config = lookup("host,team\nweb-9,a\n");
    const problems: string[] = [];
    const set = await openTableSet([config], ({ code }: WeirError, name) => problems.push(`${name} ${code}`));
    const { version } = set.current;
    writeFileSync(config.file, "host\nweb-9,b,c\n");
    await set.refresh();
    await set.refresh();
    rmSync(config.file);
    await set.refresh();
    await set.refresh();
    expect(problems).toEqual(["hosts CONFIG_INVALID", "hosts CONFIG_UNREADABLE"]);
    expect(set.current.version).toBe(version);
    writeFileSync(config.file, "host,team\nweb-9,c\n");
    expect((await set.refresh()).tables[0].find("web-9")).toEqual(["c"]);
  });
});
