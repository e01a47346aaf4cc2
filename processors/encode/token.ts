/** Which batch an insert belongs to; part of every token and stored with every row. */
export interface BatchIdentity {
  readonly topic: string;
  readonly partition: number;
  readonly batchStart: bigint;
  readonly batchEnd: bigint;
  readonly run: number;
  /** Rises when the same range is inserted anew with other rows (another version of the transform). */
  readonly attempt: number;
}

/** Token of one insert: one block of one table partition. The same batch gives the same token in every process. */
export function tokenOf(table: string, batch: BatchIdentity, part: string): string {
  const { topic, partition, batchStart, batchEnd, run, attempt } = batch;
  return `${run}.${attempt}|${topic}/${partition}|${batchStart}-${batchEnd}|${table}|${part}`;
}
