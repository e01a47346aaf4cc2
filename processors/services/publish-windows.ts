import { type DueWindows, packStretches } from "../close/chunk.ts";
import type { AvroCodec } from "../encode/avro.ts";
import { windowRecords } from "../encode/window-record.ts";
import type { ClickHouse, Publisher } from "../model/ports.ts";
import type { Integer, WindowColumns } from "../model/window.ts";
import { LARGE, PUBLISHABLE, PUBLISHED } from "./publish-statements.ts";

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
    const windows = await store.query<Omit<DueWindows, "version">>(PUBLISHABLE, { cut: String(cut) });
    const stretches = packStretches(windows, RECORDS_MAX);
    const total = stretches.reduce((sum, { shares }) => sum + shares, 0);
    let before = 0;
    for (const { rule, from: first, lastRule, to: last, shares } of stretches) {
      const end = before + shares;
      for (let at = Math.max(from, before); at < end; at = progress.cut === cut ? end : progress.records) {
        const place = { cut: String(cut), rule, from: String(first), lastRule, to: String(last) };
        const [read] = await store.query<WindowColumns>(PUBLISHED, { ...place, limit: RECORDS_MAX, skip: at - before });
        const count = read.rule.length;
        if (count === 0) throw new Error(`Cut ${cut} has fewer windows from ${rule} on than were counted.`);
        const records = windowRecords(withIntegers(read), codec);
        const next = at + count === total ? { cut, records: 0 } : { cut: cut - 1, records: at + count };
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

function withIntegers(windows: WindowColumns): WindowColumns {
  const integers: Partial<Record<(typeof LARGE)[number], Integer[]>> = {};
  for (const name of LARGE)
    integers[name] = windows[name].map((text) => {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : BigInt(text);
    });
  return { ...windows, ...integers };
}
