import { WeirError } from "../../processors/model/errors.ts";
import { table } from "../../processors/runtime/table.ts";
import type { BenchCase } from "./case.ts";
import { FORMATS } from "./formats.ts";
import { KAFKA } from "./kafka.ts";
import { LATENCY } from "./latency.ts";
import { LOAD } from "./load.ts";
import { MASK } from "./mask.ts";
import { MEMORY } from "./memory.ts";
import { readOptions } from "./options.ts";
import { PARSE } from "./parse.ts";
import { openScratch } from "./scratch.ts";
import { WINDOWS } from "./windows.ts";

/**
 * `npm run bench -- NAME [options]` runs one case; without a name it lists them. Exit codes: 0 done, 1 an answer was
 * wrong or something failed, 2 wrong usage.
 */

const CASES: readonly BenchCase[] = [LOAD, KAFKA, LATENCY, WINDOWS, MEMORY, PARSE, FORMATS, MASK];

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const { name, options } = readOptions(process.argv.slice(2));
  if (name === null) {
    process.stdout.write(
      `${table(CASES, [
        { title: "case", value: (one) => one.name },
        { title: "what it measures", value: ({ about }) => about },
      ])}\n`,
    );
    return 0;
  }
  const chosen = CASES.find((candidate) => candidate.name === name);
  if (chosen === undefined)
    throw new WeirError("USAGE", `There is no case ${name}; run it without a name for the list.`);
  const scratch = openScratch();
  try {
    return (await chosen.run(options, scratch)) ? 0 : EXIT_FAILED;
  } finally {
    if (options.keep) process.stderr.write(`Inputs are in ${scratch.dir}.\n`);
    else scratch.remove();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof WeirError && error.code === "USAGE";
  process.stderr.write(`bench: ${isUsage ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = isUsage ? EXIT_USAGE : EXIT_FAILED;
}
