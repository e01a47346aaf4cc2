import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FINDING_CODES } from "../../processors/audit/judge.ts";
import { isSymbol, tokens } from "../../processors/clickhouse/tokens.ts";
import { RULE_NAMES } from "../../processors/mask/scan.ts";
import { ERRORS } from "../../processors/model/errors.ts";
import { PARSE_NOT_OWN_FORMAT } from "../../processors/parse/dissect.ts";
import { FIELDS, type Field } from "../../processors/parse/fields.ts";
import { FORMATS } from "../../processors/parse/formats.ts";
import { METRICS, type MetricDefinition } from "../../processors/runtime/metrics-list.ts";
import { ACTS, FOLDERS, filesBelow, PROGRAM, ROOT, read, section, THINGS } from "./house.ts";

/** What documents say of the program, compared with the program in both directions: documents that can lie are tests. */

const readme = read("README.md");

/** First cells of a Markdown table that are code: `| \`x\` | …`. */
function firstCells(markdown: string): string[] {
  return [...markdown.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]);
}

/** What the table of names calls the column that a field fills. */
function columnOf(field: Field): string {
  switch (field.kind) {
    case "string":
      return field.column;
    case "time":
      return field.severityNumber === undefined
        ? "timestamp"
        : `timestamp, with severity ${field.severityNumber} unless a level is named`;
    case "nanos":
      return "timestamp, behind whole seconds";
    case "severity":
      return `severity_text, severity_number${field.only === undefined ? "" : `, where it is ${[...field.only].join(", ")}`}`;
    case "scale":
      return `severity_number, as ${field.scale} counts`;
    case "status":
      return "http_response_status_code";
    case "size":
      return "http_response_body_size";
    case "url":
      return "url_path, url_query";
    case "duration":
      return `duration_us, from ${field.unit}`;
    default:
      return field.kind;
  }
}

describe("README.md", () => {
  it("has every stop of the data in its path table: all acts and things but runtime/", () => {
    const table = section(readme, "## The path of a line");
    const folders = [...table.matchAll(/\| `([a-z]+)\/` \|/g)].map((match) => match[1]);
    expect(folders.sort()).toEqual([...ACTS, ...THINGS].filter((folder) => folder !== "runtime").sort());
  });

  it("has every folder of processors/ in its map, and no other", () => {
    const map = section(readme, "## Where things are");
    const lines = map.split("\n").filter((line) => /^ {2}[a-z]/.test(line));
    const folders = lines.flatMap((line) => [...line.matchAll(/(?<=^| )([a-z]+)\/(?= |$)/g)].map((match) => match[1]));
    expect(folders.sort()).toEqual([...FOLDERS].sort());
  });

  it("explains every error code, and no other", () => {
    expect(firstCells(section(readme, "## Errors")).sort()).toEqual(Object.keys(ERRORS).sort());
  });

  it("says of every error code whether to try again, as the program does", () => {
    const rows = [...section(readme, "## Errors").matchAll(/^\| `([A-Z_]+)` \|.*\| (yes|no) \|$/gm)];
    const said = Object.fromEntries(rows.map(([, code, again]) => [code, { retriable: again === "yes" }]));
    expect(said).toEqual(ERRORS);
  });

  it("names every code that a record can get", () => {
    // The format text reads every line.
    const codes = FORMATS.filter(({ name }) => name !== "text").map(({ code }) => code);
    const said = section(readme, "## Errors").split("Codes of records")[1];
    const named = [...said.matchAll(/`([A-Z]+_[A-Z0-9_]+)`/g)].map((match) => match[1]);
    expect(named.sort()).toEqual(
      [
        ...codes,
        PARSE_NOT_OWN_FORMAT,
        "BLANK_LINE",
        "DIRECTIVE_LINE",
        "EMPTY_ARRAY",
        "DECODE_AVRO_FRAME",
        "DECODE_AVRO_SCHEMA",
        "DECODE_AVRO_VALUE",
        "DECODE_POISON",
        "DECODE_TOO_MANY_EVENTS",
        "DECODE_RECORD_TOO_LONG",
      ].sort(),
    );
  });

  it("names every format and every masking rule, and no other", () => {
    expect(firstCells(section(readme, "## Formats")).sort()).toEqual(FORMATS.map(({ name }) => name).sort());
    const masking = section(readme, "### Masking")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    const rules = masking.flatMap((line) => [...line.split("|")[1].matchAll(/`([^`]+)`/g)].map((match) => match[1]));
    expect(rules.sort()).toEqual([...RULE_NAMES].sort());
  });

  it("has every name of a field in JSON and logfmt, in the order in which they go", () => {
    expect(section(readme, "### Names in JSON and logfmt").trim().split("\n").slice(-FIELDS.length)).toEqual(
      FIELDS.map(
        ([field, names]) =>
          `| ${columnOf(field)} | ${names
            .split(" ")
            .map((name) => `\`${name}\``)
            .join(" ")} |`,
      ),
    );
  });

  it("says of every finding of an audit what to do, and of no other", () => {
    const rows = section(readme, "### Audit")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    const codes = rows.flatMap((line) => [...line.split("|")[1].matchAll(/`([^`]+)`/g)].map((match) => match[1]));
    expect(codes.sort()).toEqual([...FINDING_CODES].sort());
  });

  it("has every metric as the program lists it, and no other", () => {
    const rows = section(readme, "## Metrics and health")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    const listed = Object.entries<MetricDefinition>(METRICS).map(([name, { type, unit, labels, meaning, remedy }]) => {
      const of = labels.length === 0 ? "" : ` (${labels.join(", ")})`;
      return `| \`${name}\`${of} | ${type}, ${unit} | ${meaning} | ${remedy} |`;
    });
    expect(rows).toEqual(listed);
  });

  it("has every section of the configuration, and no other", () => {
    const schema = JSON.parse(read("schemas/config.schema.json")) as { properties: object };
    expect(firstCells(section(readme, "## Configuration")).sort()).toEqual(Object.keys(schema.properties).sort());
  });

  it("has every option of the command line, and no other", () => {
    const commands = filesBelow("processors/commands", ".ts").map(read).join("\n");
    const options = [...commands.matchAll(/(?:\.option\(|new Option\()\s*"(--[a-z-]+)/g)].map((match) => match[1]);
    const said = [...section(readme, "## Commands").matchAll(/(?<=[`[])--[a-z-]+/g)].map((match) => match[0]);
    expect([...new Set(said)].sort()).toEqual([...new Set(options)].sort());
  });

  it("links to files that exist", () => {
    for (const path of ["README.md", "processors/README.md", "sql/README.md", "test/README.md", "schemas/README.md"]) {
      const links = [...read(path).matchAll(/\]\(([^)#:]+)\)/g)].map((match) => join(ROOT, path, "..", match[1]));
      for (const link of links) expect(() => statSync(link), `${path} links to ${link}`).not.toThrow();
    }
  });
});

describe("processors/README.md", () => {
  it("has every folder in its codemap, and no other", () => {
    const folders = firstCells(section(read("processors/README.md"), "## Codemap")).filter((cell) =>
      cell.endsWith("/"),
    );
    expect(folders.map((folder) => folder.slice(0, -1)).sort()).toEqual([...FOLDERS].sort());
  });
});

describe("an error code", () => {
  it.each(Object.keys(ERRORS))("%s is used somewhere: a code that nobody throws explains nothing", (code) => {
    const users = PROGRAM.filter(
      ({ path, code: text }) => path !== "processors/model/errors.ts" && text.includes(`"${code}"`),
    );
    const printers = PROGRAM.filter(({ place, text }) => place === "main.ts" && text.includes(`[${code}]`));
    expect([...users, ...printers].length).toBeGreaterThan(0);
  });
});

describe("sql/", () => {
  it.each(filesBelow("sql/migrations", ".sql"))("%s begins with a comment and holds one statement", (path) => {
    const sql = read(path);
    expect(sql).toMatch(/^-- [A-Z].+/);
    const list = [...tokens(sql.replace(/\{\{\w+\}\}/g, "1"))];
    expect(list.length).toBeGreaterThan(0);
    expect(list.slice(0, -1).some((token) => isSymbol(token, ";"))).toBe(false);
  });

  it("numbers its migrations without gap", () => {
    const numbers = filesBelow("sql/migrations", ".sql").map((path) => Number(/\/(\d{4})_/.exec(path)?.[1]));
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  });
});
