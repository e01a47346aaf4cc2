import { describe, expect, it } from "vitest";
import { parseDataInsert } from "../../processors/clickhouse/insert-statement.ts";

describe("parseDataInsert", () => {
  for (const [sql, head, format, columns, data] of [
    ["INSERT INTO t FORMAT Native", "INSERT INTO t ", "Native", null, ""],
    ["insert into `t` (a, `b c`)format CSV\n1,2", "insert into `t` (a, `b c`)", "CSV", ["a", "b c"], "1,2"],
    [
      "INSERT INTO db.t SETTINGS x='FORMAT y' FORMAT TSV  \n\nx",
      "INSERT INTO db.t SETTINGS x='FORMAT y' ",
      "TSV",
      null,
      "\nx",
    ],
    ['INSERT INTO t FORMAT JSONEachRow {"a":1}', "INSERT INTO t ", "JSONEachRow", null, '{"a":1}'],
    ["INSERT INTO t (* EXCEPT(a)) FORMAT CSV\n", "INSERT INTO t (* EXCEPT(a)) ", "CSV", null, ""],
  ] as const) {
    it(`finds the data of ${JSON.stringify(sql)}`, () => {
      const found = parseDataInsert(sql);
      expect(found).toMatchObject({ head, format, columns });
      expect(sql.slice(found?.dataBegin)).toBe(data);
    });
  }

  for (const sql of [
    "SELECT 1 FORMAT CSV",
    "INSERT INTO t VALUES (1)",
    "INSERT INTO t SELECT 1 FORMAT CSV",
    "INSERT INTO t (SELECT 1) FORMAT CSV",
    "INSERT INTO FUNCTION file('x') FORMAT CSV",
    "INSERT INTO t",
    "",
  ]) {
    it(`finds none in ${JSON.stringify(sql)}`, () => expect(parseDataInsert(sql)).toBeNull());
  }
});
