import { WeirError } from "../model/errors.ts";
import type { EncodedBatch, Pipeline } from "../pipeline.ts";

export interface BreakerLimits {
  /** Most dead letters in a row. */
  readonly consecutive: number;
  /** Largest share of dead letters among the last records. */
  readonly ratio: number;
}

/** The ratio is that of so many records at least, or it would be chance. */
const RECORDS_LOOKED_AT = 10_000;

/**
 * A partition's pipeline that stops instead of making dead letters of everything: a source that is not what its
 * declaration says would be emptied into them. Throws SOURCE_TOO_MANY_DEAD_LETTERS before the batch is planned.
 */
export function withBreaker(pipeline: Pipeline, { consecutive, ratio }: BreakerLimits): Pipeline {
  const recent: { records: number; deadLetters: number }[] = [];
  let inRow = 0;

  function check({ row, deadRuns }: EncodedBatch): string | null {
    const { records, deadLetters } = row;
    if (records === 0) return null;
    const longest = Math.max(inRow + deadRuns.leading, deadRuns.longest);
    inRow = deadLetters === records ? inRow + records : deadRuns.trailing;
    recent.push({ records, deadLetters });
    let looked = recent.reduce((sum, batch) => sum + batch.records, 0);
    while (looked - recent[0].records >= RECORDS_LOOKED_AT) looked -= recent.shift()!.records;
    const dead = recent.reduce((sum, batch) => sum + batch.deadLetters, 0);
    if (longest > consecutive) return `${longest} records in a row`;
    if (looked >= RECORDS_LOOKED_AT && dead / looked > ratio) return `${dead} of the last ${looked} records`;
    return null;
  }

  return {
    *run(records, identity, lookups) {
      const encoded = yield* pipeline.run(records, identity, lookups);
      const tooMany = check(encoded);
      if (tooMany === null) return encoded;
      const { topic, partition, batchStart } = identity;
      throw new WeirError(
        "SOURCE_TOO_MANY_DEAD_LETTERS",
        `Partition ${topic}/${partition} was stopped at offset ${batchStart}: ${tooMany} can't be processed; compare the declared format with what the topic holds.`,
      );
    },
  };
}
