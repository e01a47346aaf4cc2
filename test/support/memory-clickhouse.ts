import type { ClickHouse, InsertBlock } from "../../processors/model/ports.ts";

/** An insert as it was acknowledged. What its batch was is read out of its token. */
export interface StoredBlock {
  readonly table: string;
  readonly token: string;
  readonly rows: number;
  readonly bytes: Buffer;
  readonly batchStart: bigint;
  readonly batchEnd: bigint;
  readonly run: number;
  /** Day since the epoch (events), or "all". */
  readonly part: string;
}

/**
 * A store that keeps inserts as blocks in memory. Its state outlives whoever uses it.
 *
 * Unlike the real ones: it holds blocks and never reads their rows; it knows the handful of statements of
 * services/process.ts and throws at others; it remembers every token for good; replacing by key is the token's doing. It
 * is stricter in one thing: a token that comes again with other bytes is an error, where ClickHouse would drop the block.
 */
export interface MemoryClickHouse extends ClickHouse {
  readonly blocks: readonly StoredBlock[];
  /** Inserts and commands that were acknowledged, in order. */
  readonly log: readonly string[];
  rowsOf(table: string): number;
}

/** @param onStored Called when an insert or a command was carried out, before its caller hears of it; throws to play a crash. */
export function createMemoryClickHouse(onStored?: () => void): MemoryClickHouse {
  let blocks: StoredBlock[] = [];
  const log: string[] = [];

  return {
    get blocks() {
      return blocks;
    },
    log,
    rowsOf: (table) => blocks.filter((block) => block.table === table).reduce((sum, { rows }) => sum + rows, 0),
    async insert(block) {
      const stored = toStored(block);
      const known = blocks.find(({ token }) => token === stored.token);
      if (known !== undefined && !known.bytes.equals(stored.bytes))
        throw new Error(`The token ${stored.token} came again with other bytes.`);
      if (known === undefined) blocks.push(stored);
      log.push(`insert ${block.table}`);
      onStored?.();
    },
    async query<Row>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
      if (/^SELECT batch_start, .* FROM ledger/.test(sql)) {
        return blocks
          .filter(({ table }) => table === "ledger")
          .sort((a, b) => Number(a.batchStart - b.batchStart))
          .map(({ batchStart, batchEnd, run }) => ({
            batch_start: `${batchStart}`,
            batch_end: `${batchEnd}`,
            run,
          })) as Row[];
      }
      // Nothing is ever under way here.
      if (/FROM system\.processes /.test(sql)) return [{ found: "0" }] as Row[];
      const table = /AS found FROM (\w+) /.exec(sql)?.[1];
      if (table !== undefined) {
        const start = BigInt(String(parameters["start"]));
        const found = blocks.filter(
          (block) =>
            block.table === table &&
            block.batchStart === start &&
            (parameters["day"] === undefined || block.part === String(parameters["day"])) &&
            (parameters["next"] === undefined || block.batchEnd + 1n === BigInt(String(parameters["next"]))),
        );
        return [{ found: String(found.reduce((sum, { rows }) => sum + rows, 0)) }] as Row[];
      }
      throw new Error(`This store doesn't know the query ${sql}`);
    },
    async command(sql, parameters = {}) {
      const table = /^ALTER TABLE (\w+) DELETE WHERE .*batch_start >= \{from:Int64\}/.exec(sql)?.[1];
      if (table === undefined) throw new Error(`This store doesn't know the command ${sql}`);
      const from = BigInt(String(parameters["from"]));
      blocks = blocks.filter((block) => block.table !== table || block.batchStart < from);
      log.push(`delete ${table}`);
      onStored?.();
    },
    async close() {},
  };
}

function toStored({ table, token, rows, native }: InsertBlock): StoredBlock {
  const [runs, , range, , part] = token.split("|");
  const [start, end] = range.split("-");
  const bytes = Buffer.concat(native);
  return {
    table,
    token,
    rows,
    bytes,
    batchStart: BigInt(start),
    batchEnd: BigInt(end),
    run: Number.parseInt(runs, 10),
    part,
  };
}
