import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository as the architecture tests see it. */

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Files below a folder whose names end so, as paths from the root, sorted. */
export function filesBelow(folder: string, end: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

export interface SourceFile {
  /** From the root: `processors/parse/json.ts`. */
  readonly path: string;
  /** Folder below processors, or the file's own name where it stands there itself. */
  readonly place: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  /** What its import and export declarations and `import()` calls name. */
  readonly imports: readonly string[];
}

export function sourceFile(path: string): SourceFile {
  const text = read(path);
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/(^|\s)\/\/ .*$/gm, "$1");
  const pattern =
    /^\s*(?:import|export)\b[^;"'=()]*\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  return {
    path,
    place: path.split("/")[1],
    text,
    code,
    imports: [...code.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3]),
  };
}

export const PROGRAM: readonly SourceFile[] = filesBelow("processors", ".ts").map(sourceFile);

export const FOLDERS: readonly string[] = readdirSync(join(ROOT, "processors"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** A folder named for an act is a function of its arguments. */
export const ACTS = [
  "decode",
  "parse",
  "mask",
  "enrich",
  "aggregate",
  "encode",
  "plan",
  "close",
  "detect",
  "incident",
  "audit",
  "simulate",
];
/** A folder named for a thing does I/O. */
export const THINGS = ["files", "journal", "kafka", "clickhouse", "lookups", "receivers", "http", "runtime"];
/** These join acts and things, and may import all of them. */
export const JOINTS = ["commands", "services", "pipeline.ts", "main.ts"];

/** The folder of processors that an import of a file leads to, or null for a package. */
export function placeOf(file: SourceFile, imported: string): string | null {
  if (!imported.startsWith(".")) return null;
  const path = join(file.path, "..", imported);
  return path.startsWith("processors/") ? path.split("/")[1] : path;
}

/** The package of an import: `@scope/name`, `name`, `node:fs`. */
export function packageOf(imported: string): string | null {
  if (imported.startsWith(".")) return null;
  return imported.startsWith("node:")
    ? imported
    : imported
        .split("/")
        .slice(0, imported.startsWith("@") ? 2 : 1)
        .join("/");
}

/** The lines between a heading of a Markdown text and the next heading of the same or a higher level. */
export function section(markdown: string, heading: string): string {
  const lines = markdown.split("\n");
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`There is no heading ${heading}`);
  const level = heading.indexOf(" ");
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= level);
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}
