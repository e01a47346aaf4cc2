import { describe, expect, it } from "vitest";
import { createEnrich } from "../../processors/enrich/enrich.ts";
import { templateId, templateOf } from "../../processors/enrich/template.ts";
import { EventBatch, type StringColumnName } from "../../processors/model/event-batch.ts";

type Row = Partial<Record<StringColumnName, string>>;

function fill(batch: EventBatch, rows: readonly Row[]): EventBatch {
  batch.rows = rows.length;
  for (const [name, column] of Object.entries(batch.strings)) {
    rows.forEach((row, i) => {
      column.set(i, row[name as StringColumnName] ?? "");
    });
  }
  return batch;
}

function makeEnrich() {
  const asked: string[] = [];
  const enrich = createEnrich({
    countryOf(address) {
      asked.push(address);
      return address.startsWith("1.") ? "AU" : "";
    },
  });
  return { asked, enrich };
}

function templateIds(batch: EventBatch) {
  return Array.from({ length: batch.rows }, (_, row) => ({
    low: batch.templateIdLow[row],
    high: batch.templateIdHigh[row],
  }));
}

describe("enrich", () => {
  it("adds country, route, agent and template to every row", () => {
    const { enrich } = makeEnrich();
    const batch = fill(new EventBatch(4), [
      { client_address: "1.2.3.4", url_path: "/items/5", user_agent_original: "kube-probe/1.29" },
      { body: "Paid order 17" },
    ]);
    enrich(batch);
    const { strings } = batch;
    expect(strings.geo_country_iso_code.get(0)).toBe("AU");
    expect(strings.http_route.get(0)).toBe("/items/{id}");
    expect(strings.user_agent_name.get(0)).toBe("kube-probe");
    expect(strings.user_agent_os_name.get(0)).toBe("");
    expect(strings.user_agent_synthetic_type.get(0)).toBe("test");
    expect(strings.http_route.get(1)).toBe("");
    expect(templateIds(batch)).toEqual([{ low: 0, high: 0 }, templateId("Paid order <*>")]);
  });

  it("leaves what the source said itself", () => {
    const { enrich } = makeEnrich();
    const batch = fill(new EventBatch(1), [
      {
        client_address: "1.2.3.4",
        geo_country_iso_code: "NZ",
        url_path: "/items/5",
        http_route: "/items/:item",
        user_agent_original: "curl/8.5.0",
        user_agent_name: "our own",
      },
    ]);
    enrich(batch);
    const { strings } = batch;
    expect(strings.geo_country_iso_code.get(0)).toBe("NZ");
    expect(strings.http_route.get(0)).toBe("/items/:item");
    expect(strings.user_agent_name.get(0)).toBe("our own");
    expect(strings.user_agent_synthetic_type.get(0)).toBe("bot");
  });

  it("asks for the country once per distinct address, also over batches", () => {
    const { asked, enrich } = makeEnrich();
    const batch = new EventBatch(64);
    const rows = Array.from({ length: 60 }, (_, i) => ({ client_address: `1.1.1.${i % 3}` }));
    enrich(fill(batch, rows));
    enrich(fill(batch, rows));
    expect(asked).toEqual(["1.1.1.0", "1.1.1.1", "1.1.1.2"]);
  });

  it("computes anew when the dictionaries have forgotten their ids", () => {
    const { enrich } = makeEnrich();
    const batch = new EventBatch(4);
    enrich(fill(batch, [{ client_address: "1.1.1.1", body: "one" }, { body: "two" }]));
    for (const column of Object.values(batch.strings)) column.dictionary.trim(0, 0);
    enrich(fill(batch, [{ client_address: "2.2.2.2", body: "two" }, { body: "three 3" }]));
    expect(batch.strings.geo_country_iso_code.get(0)).toBe("");
    expect(templateIds(batch)).toEqual([templateId("two"), templateId("three <*>")]);
  });

  it("gives every body its own template id while the dictionary grows", () => {
    const { enrich } = makeEnrich();
    const batch = new EventBatch(3000);
    const bodies = Array.from({ length: 3000 }, (_, i) => `step ${"ab".repeat(i % 7)} of ${i}`);
    for (const end of [10, 1500, 3000])
      enrich(
        fill(
          batch,
          bodies.slice(0, end).map((body) => ({ body })),
        ),
      );
    expect(templateIds(batch)).toEqual(bodies.map((body) => templateId(templateOf(body))));
  });
});
