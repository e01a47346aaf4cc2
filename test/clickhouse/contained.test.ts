import { describe, expect, it } from "vitest";
import { checkStatement } from "../../processors/clickhouse/statement.ts";

function verdict(sql: string): string {
  try {
    checkStatement(sql, { readonly: false, contained: true });
    return "runs";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("what an account may say that writes within the data", () => {
  for (const sql of [
    "SELECT 1",
    "CREATE TABLE t (a UInt8) ENGINE = ReplacingMergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100, fsync_after_insert = 1",
    "CREATE OR REPLACE TABLE t (a UInt8) ENGINE Memory",
    "CREATE MATERIALIZED VIEW v TO t AS SELECT a FROM s",
    "INSERT INTO t SETTINGS insert_deduplication_token = 'x', max_insert_block_size = 7 SELECT 1",
    "ALTER TABLE t DELETE WHERE a = 1 SETTINGS mutations_sync = 2",
    "DROP TABLE t",
    "OPTIMIZE TABLE t FINAL",
  ]) {
    it(`runs ${sql}`, () => expect(verdict(sql)).toBe("runs"));
  }

  for (const sql of [
    "SELECT * FROM file('/etc/passwd')",
    "INSERT INTO FUNCTION file('x', 'CSV') SELECT 1",
    "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString",
    "SELECT 1 INTO OUTFILE 'x'",
    "CREATE TABLE t (a String) ENGINE = URL('http://x', 'CSV')",
    "CREATE TABLE t (a String) ENGINE File(CSV)",
    "CREATE TABLE t (a String) ENGINE = `File`(CSV)",
    "CREATE TABLE t AS file('/etc/passwd', 'LineAsString')",
    "CREATE MATERIALIZED VIEW v ENGINE = S3('x') AS SELECT 1",
    "CREATE DATABASE d ENGINE = Filesystem('/')",
    "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = 'local', path = '/tmp/')",
    "ALTER TABLE t MODIFY SETTING storage_policy = 'x'",
    "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd' format 'TSV')) LAYOUT(FLAT())",
    "CREATE NAMED COLLECTION c AS a = 1",
    "CREATE TEMPORARY TABLE t (a UInt8)",
    "CREATE USER u",
    "INSERT INTO t SETTINGS format_template_row = '/etc/passwd' SELECT 1",
    "SYSTEM RELOAD CONFIG",
    "BACKUP TABLE t TO File('x')",
    "ATTACH TABLE t FROM '/tmp' (a UInt8) ENGINE = MergeTree ORDER BY a",
    "KILL QUERY WHERE 1",
    "SET readonly = 0",
  ]) {
    it(`refuses ${sql}`, () => expect(verdict(sql)).toBe("STORE_READONLY"));
  }
});
