import type { ClickHouse } from "../../processors/model/ports.ts";
import { makeBlock } from "./block.ts";

/** Inserts one row after the other and writes a row's number when it is acknowledged. Ends with the process. */
export async function insertForever(store: ClickHouse): Promise<void> {
  for (let n = 0; ; n++) {
    await store.insert(makeBlock([[BigInt(n), "x"]], `token ${n}`));
    process.stdout.write(`${n}\n`);
  }
}
