import { basename, join } from "node:path";
import { progress } from "./case.ts";
import { type ShopKind, writeLooped, writeShop } from "./input.ts";
import type { BenchOptions } from "./options.ts";
import type { Scratch } from "./scratch.ts";

const LOOPED_RATE_PER_SECOND = 2000;
const SHOP_SEED = 1;

/** One kind of benchmark input. */
export interface Input {
  readonly name: string;
  readonly kind: ShopKind;
  /** Lines are those of --input, again and again; otherwise they are simulated and all different. */
  readonly isLooped: boolean;
}

const INPUTS: readonly Input[] = [
  { name: "combined-looped", kind: "access", isLooped: true },
  { name: "combined-simulated", kind: "access", isLooped: false },
  { name: "json15", kind: "json", isLooped: false },
  { name: "logfmt", kind: "logfmt", isLooped: false },
];

/** The inputs that the options ask for; says so where one is left out for want of --input. */
export function inputsFor({ input, only }: BenchOptions): Input[] {
  const wanted = INPUTS.filter(({ name }) => only.length === 0 || only.includes(name));
  if (input === null && wanted.some(({ isLooped }) => isLooped))
    progress("combined-looped is left out: it needs --input PATH of a combined access log. Simulated lines only.");
  return wanted.filter(({ isLooped }) => !isLooped || input !== null);
}

/** The file with so many lines of an input, written if it is not there yet. */
export function inputFile(input: Input, events: number, options: BenchOptions, scratch: Scratch): string {
  const path = join(scratch.dir, `${input.name}-${events}.log`);
  progress(`${input.name}: ${events} lines in ${basename(path)}`);
  if (input.isLooped) writeLooped(options.input ?? "", path, events, LOOPED_RATE_PER_SECOND);
  else writeShop(input.kind, path, events, SHOP_SEED);
  return path;
}
