/**
 * A plan: the range of offsets that is about to be inserted, written into the commit's metadata *before* the first
 * insert. Whoever takes the partition over after a crash inserts exactly that range again, with the same tokens.
 */
export interface Plan {
  /** First offset of the batch; the commit's offset. */
  readonly start: bigint;
  /** Position after the batch. */
  readonly next: bigint;
  readonly run: number;
  /** Rises when the range is inserted with another version of the transform: its tokens must differ. */
  readonly attempt: number;
  /** Version of what turns records into rows when the plan was made. */
  readonly version: string;
}

/** Text for the commit's metadata; well below Kafka's default limit of 4,096 bytes. */
export function encodePlan(plan: Plan): string {
  const { next, run, attempt, version } = plan;
  return JSON.stringify({ v: 1, next: String(next), run, attempt, version });
}

/** The plan in a commit's metadata; null if there is none (or none of ours). */
export function decodePlan(start: bigint, metadata: string): Plan | null {
  if (metadata === "") return null;
  let fields: unknown;
  try {
    fields = JSON.parse(metadata);
  } catch {
    return null;
  }
  if (typeof fields !== "object" || fields === null) return null;
  const { v, next, run, attempt, version } = fields as Record<string, unknown>;
  if (v !== 1 || typeof next !== "string" || !/^[0-9]{1,19}$/.test(next)) return null;
  if (!Number.isInteger(run) || !Number.isInteger(attempt) || typeof version !== "string") return null;
  if (BigInt(next) <= start) return null;
  return { start, next: BigInt(next), run: run as number, attempt: attempt as number, version };
}

/** Metadata of a commit that says: everything from its offset on is being removed, to be inserted anew as this run. */
export function encodeRewind(run: number): string {
  return JSON.stringify({ v: 1, rewind: run });
}

/** The run that a commit's metadata announces after a rewind; null if it announces none. */
export function decodeRewind(metadata: string): number | null {
  const run = /^\{"v":1,"rewind":([0-9]{1,9})\}$/.exec(metadata)?.[1];
  return run === undefined ? null : Number(run);
}
