import type { Store } from "../clickhouse/store.ts";
import { createMask, type Mask } from "../mask/mask.ts";
import { compilePattern, type Pattern } from "../mask/pattern.ts";
import { WeirError } from "../model/errors.ts";
import { namesOfColumn } from "../parse/fields.ts";
import type { Config } from "../runtime/config.ts";

/** The masks of a configuration, one per tenant, made when they are first asked for. Throws CONFIG_INVALID. */
export function createMasks(
  config: Config,
  key: Uint8Array,
  erased: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): (tenant: string) => Mask {
  const { rules, allow, deny } = config.mask;
  const patterns = compilePatterns(config);
  const denyKeys = deny
    .filter((name) => !name.startsWith("attributes."))
    .flatMap((name) => [name, ...namesOfColumn(name)].map((key) => [key, name] as const));
  const masks = new Map<string, Mask>();
  return function maskOf(tenant) {
    let mask = masks.get(tenant);
    if (mask === undefined) {
      mask = createMask({
        key,
        tenant,
        rules,
        patterns,
        fields: { allow, deny, denyKeys },
        erased: erased.get(tenant) ?? null,
      });
      masks.set(tenant, mask);
    }
    return mask;
  };
}

/** Per tenant the SHA-256 of every pseudonym that was erased. */
export async function readErased(store: Store): Promise<Map<string, Set<string>>> {
  const rows = await store.query<{ tenant: string; pseudonym_sha256: string }>(
    "SELECT DISTINCT tenant, pseudonym_sha256 FROM erasures ORDER BY tenant, pseudonym_sha256",
  );
  const erased = new Map<string, Set<string>>();
  for (const { tenant, pseudonym_sha256 } of rows) {
    const hashes = erased.get(tenant) ?? new Set();
    erased.set(tenant, hashes.add(pseudonym_sha256));
  }
  return erased;
}

/** The custom patterns, compiled. Throws CONFIG_INVALID with every one that can't be. */
export function compilePatterns({ mask }: Config): Pattern[] {
  const patterns: Pattern[] = [];
  const problems: string[] = [];
  mask.patterns.forEach((spec, i) => {
    const compiled = compilePattern(spec);
    if ("problem" in compiled) problems.push(`mask.patterns[${i}].pattern: ${compiled.problem}`);
    else patterns.push(compiled);
  });
  if (problems.length === 0) return patterns;
  throw new WeirError(
    "CONFIG_INVALID",
    `Masking has patterns that can't be used; correct what follows.\n${problems.map((line) => `  ${line}`).join("\n")}`,
  );
}
