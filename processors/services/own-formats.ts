import { WeirError } from "../model/errors.ts";
import { createOwnFormat } from "../parse/dissect.ts";
import { compilePatterns } from "../parse/dissect-targets.ts";
import { FORMAT_NAMES } from "../parse/formats.ts";
import type { Format } from "../parse/line-parser.ts";
import type { Config } from "../runtime/config.ts";
import { notOneOf } from "../runtime/config-values.ts";

/** The configured formats, ready to be read by. Throws CONFIG_INVALID with everything that is wrong with their patterns. */
export function ownFormatsOf({ formats }: Config): readonly Format[] {
  const problems = formats.flatMap((own) =>
    compilePatterns(own).problems.map(({ path, what }) => `  formats, ${own.name}, ${pathText(path)}: ${what}`),
  );
  if (problems.length > 0)
    throw new WeirError(
      "CONFIG_INVALID",
      `Formats in the configuration can't be used; correct what follows.\n${problems.join("\n")}`,
    );
  return formats.map(createOwnFormat);
}

/** `dissect[0]`, `types.took` */
function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part + 1}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

/** Those that `auto` tries. */
export function detectedOf({ formats }: Config, own: readonly Format[]): readonly Format[] {
  return own.filter((_, i) => formats[i].isDetected);
}

/** Throws USAGE if a command names a format that there is not. */
export function checkFormatName(name: string, { formats }: Config): void {
  const known = ["auto", ...FORMAT_NAMES, ...formats.map((own) => own.name)];
  if (!known.includes(name)) throw new WeirError("USAGE", `The format ${notOneOf(name, known)}`);
}
