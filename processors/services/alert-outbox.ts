import type { Journal, JournalTransaction } from "../journal/journal.ts";
import type { Message } from "../model/incident.ts";

/** A message that is to be sent, and how often that was tried. */
export interface Pending {
  readonly sequence: number;
  readonly message: Message;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly dueMs: number;
  readonly attempts: number;
}

/** What fires at a receiver that wants to be told again. */
export interface Firing {
  readonly message: Message;
  readonly toldMs: number;
}

/** What of a receiver must outlive the process, beside the messages. */
export interface ReceiverBook {
  /** When messages went out within the last hour; those that count towards the limit. */
  readonly sentMs: readonly number[];
}

/** What is known of a digest while some of its incidents are open: how many, and the series that it named. */
export interface ToldDigest {
  readonly open: number;
  readonly series: readonly string[];
}

function writeJson(transaction: JournalTransaction, key: readonly (string | number)[], value: unknown): void {
  transaction.put(key, Buffer.from(JSON.stringify(value)));
}

function readJson<T>(transaction: Pick<JournalTransaction, "get">, key: readonly (string | number)[]): T | null {
  const value = transaction.get(key);
  return value === undefined ? null : (JSON.parse(value.toString()) as T);
}

/** Digests of before have the number alone. */
function readDigest(transaction: Pick<JournalTransaction, "get">, key: readonly string[]): ToldDigest | null {
  const stored = readJson<number | ToldDigest>(transaction, key);
  return typeof stored === "number" ? { open: stored, series: [] } : stored;
}

/** Messages of one receiver in the journal, in their order: pending until they are sent. */
export interface Outbox {
  pending(): Pending[];
  firing(): Firing[];
  book(): ReceiverBook;
  /** The digest in which the opening of an incident was told; null: told by itself. */
  digestOf(subject: string): ({ readonly digest: string } & ToldDigest) | null;
  add(transaction: JournalTransaction, pending: Pending): void;
  put(pending: Pending): Promise<void>;
  /** Puts one pending digest in the place of messages; `opened` names the incidents that end with it, where that matters. */
  merge(parts: readonly Pending[], digest: Pending, opened: readonly string[]): Promise<void>;
  /** All of it in one transaction: what was sent is pending no more. */
  settle(done: {
    readonly sent: readonly Pending[];
    readonly book?: ReceiverBook;
    readonly fires?: { readonly message: Message; readonly toldMs: number };
    readonly ends?: string;
    readonly leaves?: string;
  }): Promise<void>;
}

export function createOutbox(journal: Journal, receiver: string): Outbox {
  const { view } = journal;
  const pendingKey = (sequence: number) => ["alerts_outbox", receiver, sequence];
  const firingKey = (subject: string) => ["alerts_firing", receiver, subject];
  const bookKey = ["alerts_book", receiver];
  const memberKey = (subject: string) => ["alerts_member", receiver, subject];
  const digestKey = (digest: string) => ["alerts_digest", receiver, digest];

  return {
    pending: () => view.range(["alerts_outbox", receiver]).map(({ value }) => JSON.parse(value.toString()) as Pending),
    firing: () => view.range(["alerts_firing", receiver]).map(({ value }) => JSON.parse(value.toString()) as Firing),
    book: () => readJson<ReceiverBook>(view, bookKey) ?? { sentMs: [] },
    digestOf(subject) {
      const digest = readJson<string>(view, memberKey(subject));
      return digest === null ? null : { digest, ...(readDigest(view, digestKey(digest)) ?? { open: 0, series: [] }) };
    },
    add: (transaction, pending) => writeJson(transaction, pendingKey(pending.sequence), pending),
    put: (pending) => journal.transact((transaction) => writeJson(transaction, pendingKey(pending.sequence), pending)),
    merge(parts, digest, opened) {
      const { subject, series } = digest.message;
      return journal.transact((transaction) => {
        for (const { sequence } of parts) transaction.remove(pendingKey(sequence));
        writeJson(transaction, pendingKey(digest.sequence), digest);
        if (opened.length > 0) writeJson(transaction, digestKey(subject), { open: opened.length, series });
        for (const one of opened) writeJson(transaction, memberKey(one), subject);
      });
    },
    settle({ sent, book, fires, ends, leaves }) {
      return journal.transact((transaction) => {
        for (const { sequence } of sent) transaction.remove(pendingKey(sequence));
        if (book !== undefined) writeJson(transaction, bookKey, book);
        if (fires !== undefined) writeJson(transaction, firingKey(fires.message.subject), fires);
        if (ends !== undefined) transaction.remove(firingKey(ends));
        const left = leaves === undefined ? null : readJson<string>(transaction, memberKey(leaves));
        if (leaves === undefined || left === null) return;
        const told = readDigest(transaction, digestKey(left)) ?? { open: 1, series: [] };
        const open = told.open - 1;
        transaction.remove(memberKey(leaves));
        if (open > 0) writeJson(transaction, digestKey(left), { ...told, open });
        else transaction.remove(digestKey(left));
      });
    },
  };
}
