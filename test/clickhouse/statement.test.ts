import { describe, expect, it } from "vitest";
import { checkStatement } from "../../processors/clickhouse/statement.ts";

function verdict(sql: string, readonly = true): string {
  try {
    checkStatement(sql, { readonly });
    return "runs";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("checkStatement, read-only", () => {
  for (const sql of [
    "SELECT count() FROM events",
    "select 1;",
    "SELECT 1; -- done",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "-- why\nWITH x AS (SELECT 1) SELECT * FROM x",
    "SELECT 'INTO OUTFILE', ` INTO OUTFILE `, $$ INTO OUTFILE $$ /* INTO OUTFILE */",
    "SELECT 'SETTINGS readonly=0' -- SETTINGS readonly=0",
    "SELECT ';', 'file(1)', '“é”'",
    "SELECT * FROM system.settings WHERE readonly = 1",
    "SELECT 1 SETTINGS max_threads=1, max_memory_usage = 1000000 FORMAT JSON",
    "SELECT 1 SETTINGS max_threads=1 UNION ALL SELECT a FROM t WHERE b = 1",
    "SELECT file, url FROM t",
    "SELECT filesystemAvailable(), path(url_path) FROM numbers(3)",
    "EXPLAIN SELECT 1",
  ]) {
    it(`runs ${sql}`, () => expect(verdict(sql)).toBe("runs"));
  }

  for (const sql of [
    "SELECT 1 INTO OUTFILE 'x'",
    "SELECT 1 into/**/outfile 'x' TRUNCATE",
    "SELECT 1 INTO -- \n OUTFILE 'x'",
    "SELECT 'a'INTO OUTFILE 'x'",
    "SELECT 'a\\'' INTO OUTFILE 'x'",
    "SELECT 'a'' -- ' INTO OUTFILE 'x'",
    "SELECT /* /* */ */ 1 INTO OUTFILE 'x'",
    "SELECT $$'$$ INTO OUTFILE 'x' -- '",
    "SELECT 1 SETTINGS readonly=0",
    "SELECT 1 SETTINGS max_threads=1, `readonly` = 0",
    "SELECT * FROM (SELECT 1 SETTINGS allow_ddl=1)",
    "SELECT 1 SETTINGS format_template_row='/x' FORMAT Template",
    "SELECT 1 SETTINGS output_format_schema='/x'",
    "SELECT 1 SETTINGS additional_result_filter='1'",
    "SET max_threads=1",
    "USE system",
    "INSERT INTO t VALUES (1)",
    "drop table t",
    "CREATE TEMPORARY TABLE x (a Int8)",
    "SELECT * FROM file('/x')",
    "SELECT FILE ('/x')",
    "SELECT * FROM `file`('/x')",
    "SELECT * APPLY(file) FROM t",
    "SELECT * APPLY file FROM t",
    "DESCRIBE TABLE url('http://x')",
    "SELECT * FROM s3Cluster('a', 'b')",
    "SELECT * FROM remoteSecure('a', b)",
    "SELECT * FROM icebergLocal('/x')",
    "SELECT * FROM executable('x', TSV, 'a String')",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT ‘a’",
    "SELECT 1\u00a0",
  ]) {
    it(`refuses ${sql}`, () => expect(verdict(sql)).toBe("STORE_READONLY"));
  }

  for (const sql of [
    "",
    " ;",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1;/**/;DROP TABLE t",
    "SELECT 'a",
    "SELECT /* a",
  ]) {
    it(`takes ${JSON.stringify(sql)} for wrong usage`, () => expect(verdict(sql)).toBe("USAGE"));
  }
});

describe("checkStatement, writing", () => {
  it("runs what writes and what reaches out", () => {
    expect(verdict("INSERT INTO t SELECT * FROM file('x')", false)).toBe("runs");
    expect(verdict("DROP TABLE t", false)).toBe("runs");
    expect(verdict("SELECT 1 SETTINGS allow_experimental_eval_table_function=1", false)).toBe("runs");
  });

  it("still refuses files, sessions and several statements", () => {
    expect(verdict("SELECT 1 INTO OUTFILE 'x'", false)).toBe("STORE_READONLY");
    expect(verdict("SELECT 1 SETTINGS readonly=0", false)).toBe("STORE_READONLY");
    expect(verdict("SET readonly=0", false)).toBe("STORE_READONLY");
    expect(verdict("DROP TABLE t; DROP TABLE u", false)).toBe("USAGE");
  });
});

describe("the format of a statement", () => {
  for (const [sql, format] of [
    ["SELECT 1", null],
    ["SELECT 1 FORMAT CSV", "CSV"],
    ["SELECT 1 format JSONEachRow settings max_threads=1;", "JSONEachRow"],
    ["SELECT format FROM events", null],
    ["SELECT 1 FROM events ORDER BY format DESC", null],
    ["SELECT ' FORMAT CSV'", null],
  ] as const) {
    it(`${sql}: ${format ?? "left to the caller"}`, () =>
      expect(checkStatement(sql, { readonly: true }).format).toBe(format));
  }
});
