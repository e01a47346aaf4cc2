import type { InsertBlock } from "../model/ports.ts";

/**
 * Several batches' inserts into one table as one insert of all their rows. Blocks of ClickHouse's Native format may
 * follow one another where their columns are the same; it throws where they are not. Used for partials and ledger rows.
 */
export function joinBlocks(blocks: readonly InsertBlock[], token: string): InsertBlock {
  const [first] = blocks;
  if (blocks.some(({ table, structure }) => table !== first.table || structure !== first.structure))
    throw new Error(`Inserts of other columns can't be joined to one into ${first.table}.`);
  return {
    ...first,
    native: blocks.flatMap(({ native }) => native),
    rows: blocks.reduce((sum, { rows }) => sum + rows, 0),
    token,
  };
}
