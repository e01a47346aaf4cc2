import { openStore, type StoreOptions } from "../clickhouse/store.ts";
import { table } from "../runtime/table.ts";

export interface ListDeadLettersOptions extends StoreOptions {
  readonly limit: number;
  /** null: all codes. */
  readonly code: string | null;
  readonly json: boolean;
}

interface Row {
  readonly observed_timestamp: string;
  readonly source: string;
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly payload: string;
}

/** The newest dead letters as a table for people, or one JSON object a line. Payloads are masked when they are stored. */
export async function listDeadLetters(options: ListDeadLettersOptions): Promise<string> {
  const store = await openStore(options);
  try {
    const rows = await store.query<Row>(
      "SELECT toString(observed_timestamp) AS observed_timestamp, source, stage, code, reason, topic, `partition`, `offset`, payload FROM dead_letters WHERE {code:String} IN ('', code) ORDER BY dead_letters.observed_timestamp DESC, topic, `partition`, `offset` LIMIT {limit:UInt32}",
      { code: options.code ?? "", limit: options.limit },
    );
    if (options.json) return rows.map((row) => JSON.stringify(row)).join("\n");
    if (rows.length === 0) return "There are no dead letters.";
    return table(rows, [
      { title: "seen", value: (row) => row.observed_timestamp.slice(0, 19) },
      { title: "position", value: (row) => `${row.topic}/${row.partition}@${row.offset}` },
      { title: "code", value: (row) => row.code },
      { title: "reason", value: (row) => row.reason },
      { title: "payload", value: (row) => row.payload },
    ]);
  } finally {
    await store.close();
  }
}
