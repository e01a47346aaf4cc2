import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TextStore } from "../../processors/clickhouse/text-store.ts";
import { joinBlocks } from "../../processors/encode/join.ts";
import type { ErrorCode } from "../../processors/model/errors.ts";
import type { InsertBlock } from "../../processors/model/ports.ts";
import { makeBlock } from "../clickhouse/block.ts";

export async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | "nothing was thrown"> {
  return promise.then(
    () => "nothing was thrown",
    (error) => error.code,
  );
}

/** What every ClickHouse of Weir promises, in process or over HTTP. */
export function clickhouseContract(title: string, open: () => Promise<TextStore>): void {
  describe(title, () => {
    let store: TextStore;
    const stored = () =>
      store.query<{ n: string; index: string }>("SELECT n, `index` FROM numbered ORDER BY n, `index`");

    beforeAll(async () => {
      store = await open();
      await store.command(
        "CREATE OR REPLACE TABLE numbered (n UInt64, `index` String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100",
      );
    });
    afterAll(() => store.close());

    it("stores a block once, however often its token comes, and again with another token", async () => {
      const rows = [[1n, "a"]] as const;
      await store.insert(makeBlock(rows, "t'1\\"));
      await store.insert(makeBlock(rows, "t'1\\"));
      expect(await stored()).toHaveLength(1);
      await store.insert(makeBlock(rows, "t2"));
      expect(await stored()).toHaveLength(2);
      await store.command("TRUNCATE TABLE numbered");
    });

    it("gives 64-bit integers back as exact strings", async () => {
      await store.insert(makeBlock([[2n ** 64n - 1n, "big"]], "big"));
      expect(await stored()).toEqual([{ n: "18446744073709551615", index: "big" }]);
      await store.command("TRUNCATE TABLE numbered");
    });

    it("keeps every byte of a value: blank lines, quotes, SQL, invalid UTF-8", async () => {
      const bytes = Buffer.from([0xff, 0x00, 0x0a, 0x0a, 0x27, 0x80]);
      const sql = "\n\nDROP TABLE numbered;\n\n";
      await store.insert(
        makeBlock(
          [
            [1n, bytes],
            [2n, sql],
          ],
          "bytes",
        ),
      );
      const rows = await store.query<{ h: string }>("SELECT hex(`index`) AS h FROM numbered ORDER BY n");
      expect(rows.map(({ h }) => h)).toEqual([bytes, Buffer.from(sql)].map((b) => b.toString("hex").toUpperCase()));
      await store.command("TRUNCATE TABLE numbered");
    });

    it("keeps one block one part", async () => {
      const rows = Array.from({ length: 200_000 }, (_, i) => [BigInt(i), "x"] as const);
      await store.command("SYSTEM STOP MERGES numbered");
      await store.insert(makeBlock(rows, "large"));
      const parts = await store.query(
        "SELECT toUInt32(rows) AS rows FROM system.parts WHERE database = 'weir' AND table = 'numbered' AND active",
      );
      expect(parts).toEqual([{ rows: 200_000 }]);
      await store.command("SYSTEM START MERGES numbered");
      await store.command("TRUNCATE TABLE numbered");
    });

    it("makes one part of an insert of several blocks, and takes all of it once", async () => {
      const blocks = Array.from({ length: 20 }, (_, i) => makeBlock([[BigInt(i), `text ${i}`]], `block ${i}`));
      await store.command("SYSTEM STOP MERGES numbered");
      for (let i = 0; i < 2; i++) await store.insert(joinBlocks(blocks, "joined"));
      const parts = await store.query(
        "SELECT toUInt32(rows) AS rows FROM system.parts WHERE database = 'weir' AND table = 'numbered' AND active",
      );
      expect(parts).toEqual([{ rows: 20 }]);
      await store.command("SYSTEM START MERGES numbered");
      await store.command("TRUNCATE TABLE numbered");
    });

    it("takes an empty block for nothing to do", async () => {
      await store.insert({ ...makeBlock([], "empty"), native: [] });
      expect(await stored()).toEqual([]);
    });

    it("takes parameters as values, never as SQL", async () => {
      const text = "x' OR 1=1 --\\n\n\n\t{b:String}`\\";
      const list = ["it's", "\\", "\n\n", ""];
      const rows = await store.query("SELECT {a:String} AS a, {b:Array(String)} AS b, {c:UInt64} AS c", {
        a: text,
        b: list,
        c: 2n ** 64n - 1n,
      });
      expect(rows).toEqual([{ a: text, b: list, c: "18446744073709551615" }]);
    });

    it("takes parameters in commands, too", async () => {
      await store.command("INSERT INTO numbered SELECT {n:UInt64}, {text:String}", { n: 7, text: "a'\n\nb" });
      expect(await stored()).toEqual([{ n: "7", index: "a'\n\nb" }]);
      await store.command("TRUNCATE TABLE numbered");
    });

    it("stores nothing of a block that it rejects, says STORE_REJECTED, and works on", async () => {
      const block = makeBlock([[1n, "a"]], "bad");
      const bad: InsertBlock[] = [
        { ...block, table: "missing" },
        { ...block, columns: ["n", "missing"], structure: "`n` UInt64, `missing` String" },
        { ...block, native: [block.native[0]] },
      ];
      for (const wrong of bad) expect(await codeOf(store.insert(wrong))).toBe("STORE_REJECTED");
      expect(await stored()).toEqual([]);
      await store.insert(block);
      expect(await stored()).toHaveLength(1);
      await store.command("TRUNCATE TABLE numbered");
    });

    it("gives each error its code", async () => {
      expect(await codeOf(store.query("SELECT * FROM missing"))).toBe("STORE_QUERY_FAILED");
      expect(await codeOf(store.query("SELECT {a:UInt8}", { a: "x" }))).toBe("STORE_QUERY_FAILED");
      expect(await codeOf(store.command("CREATE TABLE numbered (n UInt8) ENGINE = Memory"))).toBe("STORE_REJECTED");
      expect(await codeOf(store.queryText("DROP TABLE numbered", "TSV", { readonly: true }))).toBe("STORE_READONLY");
      const sneaky = store.queryText("WITH 1 AS x INSERT INTO numbered SELECT x, ''", "TSV", { readonly: true });
      expect(await codeOf(sneaky)).toBe("STORE_READONLY");
    });

    it("answers texts unchanged, in the format of the statement before the caller's", async () => {
      const text = async (sql: string, format: string) =>
        Buffer.concat(await (await store.queryText(sql, format, { readonly: true })).toArray());
      expect(await text("SELECT unhex('FF0A') AS x", "RawBLOB")).toEqual(Buffer.from([0xff, 0x0a]));
      expect((await text("SELECT 1 AS x FORMAT CSVWithNames", "TSV")).toString()).toBe('"x"\n1\n');
      expect((await text("SELECT 1 AS x SETTINGS max_threads = 1;", "TSV")).toString()).toBe("1\n");
    });

    it("keeps a statement's settings to that statement", async () => {
      const blockSize = async (settings: Record<string, string>) => {
        const sql = "SELECT getSetting('max_block_size')";
        const answer = await store.queryText(sql, "TSV", { readonly: true, settings });
        return Buffer.concat(await answer.toArray()).toString();
      };
      const usual = await blockSize({});
      const sizes = ["77", "78", "79"];
      const answers = await Promise.all(
        [{}, ...sizes.map((max_block_size) => ({ max_block_size })), {}].map(blockSize),
      );
      expect(answers).toEqual([usual, ...sizes.map((size) => `${size}\n`), usual]);
      expect(await codeOf(blockSize({ max_block_size: "many" }))).toBe("STORE_QUERY_FAILED");
      expect(await blockSize({})).toBe(usual);
    });
  });
}
