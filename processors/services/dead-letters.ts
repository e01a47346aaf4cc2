import { openStore, type StoreOptions } from "../clickhouse/store.ts";
import { WeirError } from "../model/errors.ts";
import { table } from "../runtime/table.ts";
import { printable } from "../runtime/terminal.ts";

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

export interface ShowDeadLetterOptions extends StoreOptions {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly json: boolean;
}

/** Where a dead letter stands, as `list` writes it: TOPIC/PARTITION@OFFSET. */
export function parsePosition(words: readonly string[]): Pick<ShowDeadLetterOptions, "topic" | "partition" | "offset"> {
  const match = /^(.+)[/ ]([0-9]{1,10})[@ ]([0-9]{1,18})$/.exec(words.join(" "));
  if (match !== null) return { topic: match[1], partition: Number(match[2]), offset: match[3] };
  throw new WeirError(
    "USAGE",
    `${JSON.stringify(words.join(" "))} is no position; give TOPIC/PARTITION@OFFSET, as weir dead-letters list writes it.`,
  );
}

const SHOWN = `SELECT d.source AS source, d.tenant AS tenant, d.topic AS topic, d.partition AS \`partition\`,
    toString(d.offset) AS \`offset\`, d.index AS \`index\`, d.stage AS stage, d.code AS code, d.reason AS reason,
    toString(d.observed_timestamp) AS observed_timestamp, toString(d.stored_at) AS stored_at,
    toString(d.batch_start) AS batch_start, l.batch_end AS batch_end, l.transform_version AS transform_version,
    l.config_version AS config_version, l.lookup_version AS lookup_version,
    d.payload_is_exact AS payload_is_exact, d.payload AS payload
  FROM dead_letters AS d
  LEFT JOIN (
    SELECT batch_start, toString(max(batch_end)) AS batch_end, argMax(transform_version, run) AS transform_version,
      argMax(config_version, run) AS config_version, argMax(lookup_version, run) AS lookup_version
    FROM ledger WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32} GROUP BY batch_start
  ) AS l ON d.batch_start = l.batch_start
  WHERE d.topic = {topic:String} AND d.partition = {partition:UInt32} AND d.offset = {offset:Int64}
  ORDER BY d.index`;

/** Everything that is known of one dead letter. Throws USAGE when there is none at the position. */
export async function showDeadLetter(options: ShowDeadLetterOptions): Promise<string> {
  const { topic, partition, offset, json } = options;
  const store = await openStore(options);
  try {
    const rows = await store.query<Record<string, string | number>>(SHOWN, { topic, partition, offset });
    if (rows.length === 0)
      throw new WeirError(
        "USAGE",
        `There is no dead letter at ${topic}/${partition}@${offset}; weir dead-letters list shows those there are.`,
      );
    if (json) return rows.map((row) => JSON.stringify(row)).join("\n");
    return rows.map(shown).join("\n\n");
  } finally {
    await store.close();
  }
}

function shown(row: Record<string, string | number>): string {
  const { payload, payload_is_exact: isExact, ...fields } = row;
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  const lines = Object.entries(fields).map(([name, value]) => `${name.padEnd(width)}  ${printable(String(value))}`);
  const kept = Number(isExact) === 1 ? "the whole record" : "cut or masked";
  return [...lines, "", `payload (${kept}):`, ...String(payload).split("\n").map(printable)].join("\n");
}
