import { partitionKey } from "../close/decide.ts";
import type { IdleProof } from "../close/watermark.ts";
import { createRegistry } from "../files/registry.ts";
import type { Journal } from "../journal/journal.ts";
import type { Clock, Partition } from "../model/ports.ts";

/** Who reads a partition, and what is proven of its end: what closing wants to know of a source. */
export interface Attendance {
  /** load: read once, whatever its age, without a limit on lateness; follow: goes on as time does. */
  readonly mode: "load" | "follow";
  readonly proof: IdleProof | null;
}

const key = ({ topic, partition }: Partition) => ["attendance", topic, partition];

/** Remembers an attendance; nothing is written when it is known already. */
export async function noteAttendance(journal: Journal, partition: Partition, attendance: Attendance): Promise<void> {
  const { mode, proof } = attendance;
  const value = JSON.stringify({ mode, proof: proof === null ? null : { ...proof, end: String(proof.end) } });
  if (journal.view.get(key(partition))?.toString() === value) return;
  await journal.transact((transaction) => transaction.put(key(partition), Buffer.from(value)));
}

/** What is remembered of a partition; null: nothing. A file that was read as a whole before this was noted was loaded. */
export function attendanceOf(journal: Journal, partition: Partition): Attendance | null {
  const value = journal.view.get(key(partition));
  if (value === undefined) {
    const entry = createRegistry(journal).get(partition.topic, partition.partition);
    return entry?.isComplete === true ? { mode: "load", proof: null } : null;
  }
  const { mode, proof } = JSON.parse(value.toString());
  return { mode, proof: proof === null ? null : { ...proof, end: BigInt(proof.end) } };
}

/** What one process proves of the ends of the partitions that it follows. */
export interface ProofBook {
  readonly proofs: ReadonlyMap<string, IdleProof>;
  /** Says that the partition is followed from now on. */
  begin(partition: Partition): Promise<void>;
  /** Drains; when that comes to the end of what there is, the end is proven from before it began. */
  whileDraining(partition: Partition, isFinal: boolean, signal: AbortSignal, drain: () => Promise<void>): Promise<void>;
  /** What was proven of a partition holds until now: it was looked at again, and nothing has come. */
  renew(partition: Partition): void;
  /** Nothing can come after an offset. */
  end(partition: Partition, offset: bigint): Promise<void>;
  /** Writes down what is proven, for whoever closes when this process is gone. */
  note(partition: Partition): Promise<void>;
}

export function createProofBook(journal: Journal, clock: Clock): ProofBook {
  const proofs = new Map<string, IdleProof>();
  return {
    proofs,
    begin: (partition) =>
      noteAttendance(journal, partition, { mode: "follow", proof: attendanceOf(journal, partition)?.proof ?? null }),
    async whileDraining(partition, isFinal, signal, drain) {
      const atUs = clock.nowUs();
      await drain();
      const commit = journal.committed(partition.topic, partition.partition);
      // A signal ends a drain early.
      if (!signal.aborted && commit !== null)
        proofs.set(partitionKey(partition), { end: commit.offset, atUs, isFinal });
    },
    renew(partition) {
      const proof = proofs.get(partitionKey(partition));
      if (proof !== undefined) proofs.set(partitionKey(partition), { ...proof, atUs: clock.nowUs() });
    },
    async end(partition, offset) {
      const proof: IdleProof = { end: offset, atUs: clock.nowUs(), isFinal: true };
      proofs.set(partitionKey(partition), proof);
      await noteAttendance(journal, partition, { mode: "follow", proof });
    },
    async note(partition) {
      const proof = proofs.get(partitionKey(partition));
      if (proof !== undefined) await noteAttendance(journal, partition, { mode: "follow", proof });
    },
  };
}
