/**
 * A plan: the batches that are about to be inserted, written into the commit's metadata *before* the first insert of
 * each. Whoever takes the partition over after a crash inserts exactly those ranges again, with the same tokens.
 */
export interface Plan {
  /** First offset of the first batch; the commit's offset. */
  readonly start: bigint;
  /** Position after each batch, which is where the next one starts; at least one, rising. */
  readonly cuts: readonly bigint[];
  readonly run: number;
  /** Rises when the range is inserted with another version of the transform: its tokens must differ. */
  readonly attempt: number;
  /** Version of what turns records into rows when the plan was made. */
  readonly version: string;
}

/** Most batches of a plan: its text must stay well below Kafka's default limit of 4,096 bytes. */
export const CUTS_MAX = 16;

/** Position after the last batch. */
export function planEnd(plan: Plan): bigint {
  return plan.cuts[plan.cuts.length - 1];
}

/** Text for the commit's metadata. */
export function encodePlan(plan: Plan): string {
  const { cuts, run, attempt, version } = plan;
  return JSON.stringify({ v: 2, cuts: cuts.map(String), run, attempt, version });
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
  const { v, run, attempt, version, ...rest } = fields as Record<string, unknown>;
  // Version 1 held one batch.
  const cuts = v === 2 ? decodeCuts(start, rest["cuts"]) : v === 1 ? decodeCuts(start, [rest["next"]]) : null;
  if (cuts === null) return null;
  if (!Number.isInteger(run) || !Number.isInteger(attempt) || typeof version !== "string") return null;
  return { start, cuts, run: run as number, attempt: attempt as number, version };
}

function decodeCuts(start: bigint, texts: unknown): bigint[] | null {
  if (!Array.isArray(texts) || texts.length === 0 || texts.length > CUTS_MAX) return null;
  const cuts: bigint[] = [];
  let last = start;
  for (const text of texts) {
    if (typeof text !== "string" || !/^[0-9]{1,19}$/.test(text) || BigInt(text) <= last) return null;
    last = BigInt(text);
    cuts.push(last);
  }
  return cuts;
}

/** Metadata of a commit that says: everything from its offset on is being removed, to be inserted anew as this run. */
export function encodeRewind(run: number): string {
  return JSON.stringify({ v: 1, rewind: run });
}

/**
 * Metadata of a commit before which everything is stored and after which nothing is planned. It keeps the run: the store,
 * which has it otherwise, may be set back to before it.
 */
export function encodeFinished(run: number): string {
  return run === 0 ? "" : JSON.stringify({ v: 1, finished: run });
}

/** The run in such metadata; 0 without. */
export function decodeFinished(metadata: string): number {
  return Number(/^\{"v":1,"finished":([0-9]{1,9})\}$/.exec(metadata)?.[1] ?? 0);
}

/** The run that a commit's metadata announces after a rewind; null if it announces none. */
export function decodeRewind(metadata: string): number | null {
  const run = /^\{"v":1,"rewind":([0-9]{1,9})\}$/.exec(metadata)?.[1];
  return run === undefined ? null : Number(run);
}
