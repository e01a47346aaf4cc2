import { parseArgs } from "node:util";
import { WeirError } from "../../processors/model/errors.ts";

const RIVALS = ["regexp", "split", "none"] as const;
const EVENTS_MAX = 20_000_000;

/** How ClickHouse alone takes access lines apart; see rival.ts. */
export type RivalMethod = (typeof RIVALS)[number];

export interface BenchOptions {
  /** A combined access log whose lines are looped; null: simulated lines only. */
  readonly input: string | null;
  /** null: the case's own default. */
  readonly events: number | null;
  readonly runs: number | null;
  /** Names of the parts to run; empty: all. */
  readonly only: readonly string[];
  readonly rival: RivalMethod;
  readonly stages: boolean;
  /** Leave inputs and stores behind. */
  readonly keep: boolean;
}

/** The case's name (null: none given) and its options. Throws WeirError USAGE. */
export function readOptions(args: readonly string[]): { name: string | null; options: BenchOptions } {
  const { values, positionals } = parse(args);
  if (positionals.length > 1) throw new WeirError("USAGE", `One case at a time, not ${positionals.join(" and ")}.`);
  const rival = RIVALS.find((method) => method === values.rival);
  if (rival === undefined) throw new WeirError("USAGE", `--rival is one of ${RIVALS.join(", ")}, not ${values.rival}.`);
  return {
    name: positionals[0] ?? null,
    options: {
      input: values.input ?? null,
      events: wholeNumber("--events", values.events, EVENTS_MAX),
      runs: wholeNumber("--runs", values.runs, 1000),
      only: values.only ?? [],
      rival,
      stages: values.stages,
      keep: values.keep,
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        input: { type: "string" },
        events: { type: "string" },
        runs: { type: "string" },
        only: { type: "string", multiple: true },
        rival: { type: "string", default: "regexp" },
        stages: { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new WeirError("USAGE", `${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function wholeNumber(name: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null;
  const value = Number(text.replaceAll("_", ""));
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new WeirError("USAGE", `${name} is a whole number from 1 to ${max}, not ${JSON.stringify(text)}.`);
}
