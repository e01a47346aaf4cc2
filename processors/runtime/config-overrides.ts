import type { ConfigProblem, KeyPath } from "./config-problems.ts";
import type { JsonSchema } from "./config-schema.ts";
import { didYouMean, slipsBetween } from "./spelling.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values from the command line; they win over the environment. */
export interface ConfigFlags {
  /** `--data` */
  readonly data?: string | undefined;
  /** `--url` */
  readonly url?: string | undefined;
  /** `--log-level` */
  readonly logLevel?: string | undefined;
}

/** Not a key of the file: a key in a configuration file ends up in version control. */
export const MASK_KEY_VARIABLE = "WEIR_MASK_KEY";

const NAMED: Readonly<Record<string, KeyPath>> = {
  WEIR_DATA: ["data", "directory"],
  WEIR_CLICKHOUSE_URL: ["clickhouse", "url"],
  WEIR_CLICKHOUSE_USER: ["clickhouse", "username"],
  WEIR_CLICKHOUSE_PASSWORD: ["clickhouse", "password"],
  WEIR_LOG_LEVEL: ["log", "level"],
};

const FLAGS: Readonly<Record<keyof ConfigFlags, { readonly name: string; readonly path: KeyPath }>> = {
  data: { name: "--data", path: ["data", "directory"] },
  url: { name: "--url", path: ["clickhouse", "url"] },
  logLevel: { name: "--log-level", path: ["log", "level"] },
};

/** One value from outside the file. `origin` is the variable or flag that brought it. */
export interface Override {
  readonly origin: string;
  readonly path: KeyPath;
  readonly value: unknown;
}

/** Every key that a variable can set, by the variable's general name: `batch.record_bytes` is WEIR_BATCH__RECORD_BYTES. */
export function generalVariables(schema: JsonSchema): Map<string, { path: KeyPath; schema: JsonSchema }> {
  const found = new Map<string, { path: KeyPath; schema: JsonSchema }>();
  const walk = (at: JsonSchema, path: readonly string[]): void => {
    for (const [key, child] of Object.entries(at.properties ?? {})) {
      const childPath = [...path, key];
      if (child.properties !== undefined) walk(child, childPath);
      else if (child.type !== "array") {
        found.set(`WEIR_${childPath.join("__").toUpperCase()}`, { path: childPath, schema: child });
      }
    }
  };
  walk(schema, []);
  return found;
}

/**
 * What the environment and the command line set, weakest first. An empty variable counts as not set, because compose
 * files pass `${NAME:-}`. Unknown names with `__`, and slips in the others, are problems; further WEIR_… names are let
 * be, because Kubernetes makes some for every service (WEIR_PORT, WEIR_SERVICE_HOST).
 */
export function readOverrides(
  schema: JsonSchema,
  env: Environment,
  flags: ConfigFlags,
): { overrides: Override[]; problems: ConfigProblem[] } {
  const general = generalVariables(schema);
  const variables = Object.entries(env)
    .filter(([name, value]) => name.startsWith("WEIR_") && value !== undefined && value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1)) as [string, string][];
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, value] of variables) {
    const key = general.get(name);
    if (key !== undefined) {
      overrides.push({ origin: name, path: key.path, value: typed(value, key.schema) });
    } else if (NAMED[name] === undefined && name !== MASK_KEY_VARIABLE) {
      const guess = name.includes("__") ? (didYouMean(name, general.keys()) ?? "") : nearlyNamed(name);
      if (guess === null) continue;
      const help = guess === "" ? "weir config --schema lists the keys" : `did you mean ${guess}?`;
      problems.push({ origin: name, path: [], what: `unknown variable; ${help}` });
    }
  }
  for (const [name, value] of variables) {
    if (NAMED[name] !== undefined) overrides.push({ origin: name, path: NAMED[name], value });
  }
  for (const [flag, { name, path }] of Object.entries(FLAGS)) {
    const value = flags[flag as keyof ConfigFlags];
    if (value !== undefined) overrides.push({ origin: name, path, value });
  }
  return { overrides, problems };
}

function nearlyNamed(name: string): string | null {
  return [...Object.keys(NAMED), MASK_KEY_VARIABLE].find((known) => slipsBetween(name, known) <= 2) ?? null;
}

/** A variable's text as the type that its key wants; text that doesn't fit stays text, which the schema refuses. */
function typed(value: string, schema: JsonSchema): unknown {
  const types = (schema.anyOf ?? [schema]).map(({ type }) => type);
  if (types.includes("boolean") && (value === "true" || value === "false")) return value === "true";
  if (types.includes("integer") && /^-?[0-9]{1,15}$/.test(value)) return Number(value);
  return value;
}

/** Keys of which an override of the one removes the other. */
const INSTEAD_OF: Readonly<Record<string, string>> = { password: "password_file", password_file: "password" };

/** The value with an override in place; the old value stays as it was. A parent that is no mapping is left for the schema. */
export function override(value: unknown, { path, value: set }: Pick<Override, "path" | "value">): unknown {
  if (path.length === 0) return set;
  if (value !== undefined && !isMapping(value)) return value;
  const [key, ...rest] = path as [string, ...KeyPath];
  const changed: Record<string, unknown> = { ...value };
  changed[key] = override(changed[key], { path: rest, value: set });
  if (rest.length === 0 && INSTEAD_OF[key] !== undefined) delete changed[INSTEAD_OF[key]];
  return changed;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
