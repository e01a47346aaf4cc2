import { type DueWindows, packChunks } from "../close/chunk.ts";
import type { AvroCodec } from "../encode/avro.ts";
import { windowRecord } from "../encode/window-record.ts";
import type { ClickHouse, Publisher } from "../model/ports.ts";
import type { Integer, WindowRevision } from "../model/window.ts";
import { LARGE, PUBLISHABLE, PUBLISHED } from "./close-statements.ts";

/** Records of one commit: some megabytes in memory. */
const RECORDS_MAX = 8_000;

/** How far publishing has come: every cut up to one, and of the next so many records. */
interface Progress {
  readonly cut: number;
  readonly records: number;
}

function parseProgress(text: string): Progress {
  const [cut, records] = text === "" ? [0, 0] : text.split(":").map(Number);
  return { cut, records };
}

/** Publishes the windows of cuts, in their order, each revision once. */
export interface WindowsPublishing {
  /** Publishes what is stored up to a cut and not published yet. What is stored is what is published. */
  publish(store: ClickHouse, upTo: number): Promise<void>;
  close(): Promise<void>;
}

/** Takes publishing over from whoever did it before; only then reads how far that one came. */
export async function openPublishing(
  publisher: Publisher,
  codec: AvroCodec,
  topic: string,
): Promise<WindowsPublishing> {
  let progress = parseProgress(await publisher.begin());

  async function publishCut(store: ClickHouse, cut: number, from: number): Promise<void> {
    // Stretch by stretch of the table's own order: each is read alone, not sorted out of all windows of the cut.
    const stretches = packChunks(await store.query<DueWindows>(PUBLISHABLE, { cut: String(cut) }), RECORDS_MAX);
    const total = stretches.reduce((sum, { shares }) => sum + shares, 0);
    let before = 0;
    for (const { rule, from: first, to: last, shares } of stretches) {
      const end = before + shares;
      for (let at = Math.max(from, before); at < end; at = progress.cut === cut ? end : progress.records) {
        const place = { cut: String(cut), rule, from: String(first), to: String(last) };
        const rows = await store.query<WindowRevision>(PUBLISHED, { ...place, limit: RECORDS_MAX, skip: at - before });
        if (rows.length === 0) throw new Error(`Cut ${cut} has fewer windows of ${rule} than were counted.`);
        const records = rows.map((row) => windowRecord(withIntegers(row), codec));
        const next = at + rows.length === total ? { cut, records: 0 } : { cut: cut - 1, records: at + rows.length };
        await publisher.commit(topic, records, `${next.cut}:${next.records}`);
        progress = next;
      }
      before = end;
    }
  }

  return {
    async publish(store, upTo) {
      const cuts = await store.query<{ cut: string }>(
        "SELECT DISTINCT cut_id AS cut FROM windows WHERE cut_id > {after:UInt64} AND cut_id <= {upTo:UInt64} ORDER BY cut",
        { after: String(progress.cut), upTo: String(upTo) },
      );
      for (const { cut } of cuts)
        await publishCut(store, Number(cut), progress.cut === Number(cut) - 1 ? progress.records : 0);
    },
    close: () => publisher.close(),
  };
}

function withIntegers(row: WindowRevision): WindowRevision {
  const integers: Partial<Record<(typeof LARGE)[number], Integer>> = {};
  for (const name of LARGE) {
    const number = Number(row[name]);
    integers[name] = Number.isSafeInteger(number) ? number : BigInt(row[name]);
  }
  return { ...row, ...integers };
}
