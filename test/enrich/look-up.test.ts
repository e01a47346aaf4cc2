import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEnrich } from "../../processors/enrich/enrich.ts";
import { fitsPattern } from "../../processors/enrich/service.ts";
import { Attributes } from "../../processors/model/attributes.ts";
import type { LookupTable, ServiceRule } from "../../processors/model/lookups.ts";
import { lineOf } from "../support/fill-layout.ts";
import { makeParser, rowsOf } from "../support/make-records.ts";

const HOSTS: LookupTable = {
  name: "hosts",
  field: "host_name",
  targets: ["attributes.team", "service_name"],
  find: (value) => (value === "web-1" ? ["shop", "front"] : value === "web-2" ? ["pay", ""] : null),
};
const TEAMS: LookupTable = {
  name: "teams",
  field: "attributes.team",
  targets: ["attributes.mail", "geo_country_iso_code"],
  find: (value) => (value === "" ? [] : [`${value}-team`, "NZ"]),
};

function enriched(lines: readonly string[], tables: readonly LookupTable[], serviceRules: readonly ServiceRule[] = []) {
  const batch = makeParser({ format: "json", service: "made" })(lines);
  createEnrich({ countryOf: () => "", serviceRules })(batch, { version: "1", tables }, "made");
  for (let row = 0; row < batch.rows; row++) expect(lineOf(batch, row)).toBe(lines[row]);
  return rowsOf(batch).map(({ attributes, service_name, geo_country_iso_code }) => ({
    ...(attributes === undefined ? {} : { attributes }),
    ...(service_name === undefined ? {} : { service_name }),
    ...(geo_country_iso_code === undefined ? {} : { geo_country_iso_code }),
  }));
}

describe("a lookup", () => {
  it("adds what its table has for a value, one table after the other, and keeps what was there", () => {
    const lines = [
      '{"host":"web-1","a":"x"}',
      '{"host":"web-3","a":"x"}',
      '{"host":"web-2","team":"own","b":"y"}',
      '{"host":"web-1","service":"said"}',
      '{"host":"web-1","service":"made"}',
    ];
    expect(enriched(lines, [HOSTS, TEAMS])).toEqual([
      {
        attributes: [
          ["a", "x"],
          ["team", "shop"],
          ["mail", "shop-team"],
        ],
        service_name: "front",
        geo_country_iso_code: "NZ",
      },
      { attributes: [["a", "x"]] },
      {
        attributes: [
          ["team", "own"],
          ["b", "y"],
          ["mail", "own-team"],
        ],
        geo_country_iso_code: "NZ",
      },
      {
        attributes: [
          ["team", "shop"],
          ["mail", "shop-team"],
        ],
        service_name: "said",
        geo_country_iso_code: "NZ",
      },
      {
        attributes: [
          ["team", "shop"],
          ["mail", "shop-team"],
        ],
        geo_country_iso_code: "NZ",
      },
    ]);
  });

  it("forgets the answers of a version when there is another", () => {
    const enrich = createEnrich({ countryOf: () => "" });
    const parse = makeParser({ format: "json" });
    const teamOf = (team: string, version: string) => {
      const batch = parse(['{"host":"web-1","a":"x"}']);
      enrich(batch, { version, tables: [{ ...HOSTS, targets: ["attributes.team"], find: () => [team] }] });
      return rowsOf(batch)[0]["attributes"];
    };
    expect(teamOf("a", "1")).toEqual([
      ["a", "x"],
      ["team", "a"],
    ]);
    expect(teamOf("b", "2")).toEqual([
      ["a", "x"],
      ["team", "b"],
    ]);
  });
});

describe("service rules", () => {
  it("name a service by the first rule that fits, where the record names none", () => {
    const rules: ServiceRule[] = [
      { field: "attributes.app_id", how: "equals", text: "7", service: "seven" },
      { field: "url_path", how: "prefix", text: "/api/pay", service: "pay" },
      { field: "host_name", how: "pattern", text: "db-*.eu", service: "database" },
      { field: "host_name", how: "suffix", text: ".eu", service: "eu" },
    ];
    const lines = [
      '{"host":"db-1.eu","app_id":"7"}',
      '{"host":"db-1.eu","url.path":"/api/pay/1"}',
      '{"host":"db-1.eu"}',
      '{"host":"web.eu"}',
      '{"host":"web.us","x":"1"}',
      '{"host":"web.eu","service":"said"}',
    ];
    expect(enriched(lines, [], rules).map((row) => row.service_name)).toEqual([
      "seven",
      "pay",
      "database",
      "eu",
      undefined,
      "said",
    ]);
  });

  it("compare patterns as a regular expression would", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 6 });
    fc.assert(
      fc.property(text, pattern, (value, written) => {
        const regular = new RegExp(`^${written.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(fitsPattern(value, written)).toBe(regular.test(value));
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});

describe("entries that are added to attributes", () => {
  it("stand behind those of their row, which stay as they are", () => {
    const entry = fc.record({
      text: fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 3 }),
      apart: fc.boolean(),
    });
    const row = fc.record({ has: fc.array(entry, { maxLength: 3 }), adds: fc.array(entry, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
        const attributes = new Attributes();
        const text = rows.flatMap(({ has }) => has.map((one) => one.text)).join("");
        attributes.begin(text);
        const ends = new Uint32Array(rows.length);
        let at = 0;
        for (const [i, { has }] of rows.entries()) {
          for (const one of has) {
            if (one.apart) attributes.add(0, `${one.text}!`);
            else attributes.addSpan(0, at, at + one.text.length);
            at += one.text.length;
          }
          ends[i] = attributes.count;
        }
        const additions = rows.flatMap(({ adds }, i) =>
          adds.map((one) => ({ row: i, keyId: 0, value: `+${one.text}` })),
        );
        attributes.insert(ends, rows.length, additions);
        const found = rows.map((_, i) => {
          const values: string[] = [];
          for (let e = i === 0 ? 0 : ends[i - 1]; e < ends[i]; e++) values.push(attributes.values.get(e));
          return values;
        });
        expect(found).toEqual(
          rows.map(({ has, adds }) => [
            ...has.map((one) => (one.apart ? `${one.text}!` : one.text)),
            ...adds.map((one) => `+${one.text}`),
          ]),
        );
        expect(attributes.count).toBe(found.flat().length);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});
