import type { EventBatch } from "../model/event-batch.ts";
import type { FieldName, ServiceRule } from "../model/lookups.ts";
import { toByteText } from "../model/record.ts";
import { createFieldReader } from "./look-up.ts";

/*
 * Names of services that the records don't say. A record that says one keeps it; of one that says the source's own name,
 * too, because its line is given back by that column.
 */

const SLOT = "\x01service_name\x01";

/** Sets the service of rows that still have the source's. */
export function createSetService(
  sourceService: () => string,
): (batch: EventBatch, row: number, service: string) => void {
  let generation = -1;
  let isSaid: (boolean | undefined)[] = [];
  return function setService({ strings }, row, service) {
    const { service_name, line_layout } = strings;
    if (service_name.get(row) !== sourceService()) return;
    const { dictionary } = line_layout;
    if (dictionary.generation !== generation) {
      generation = dictionary.generation;
      isSaid = [];
    }
    const layout = line_layout.ids[row];
    isSaid[layout] ??= dictionary.values[layout].includes(SLOT);
    if (!isSaid[layout]) service_name.set(row, service);
  };
}

/** Whether a text fits a pattern of `*` and `?`: one pass, going back to the last `*` only. */
export function fitsPattern(text: string, pattern: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let from = 0;
  while (at < text.length) {
    if (place < pattern.length && pattern[place] === "*") {
      star = place++;
      from = at;
    } else if (place < pattern.length && (pattern[place] === "?" || pattern[place] === text[at])) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++from;
    } else return false;
  }
  while (pattern[place] === "*") place++;
  return place === pattern.length;
}

function fits(value: string, { how, text }: ServiceRule): boolean {
  switch (how) {
    case "equals":
      return value === text;
    case "prefix":
      return value.startsWith(text);
    case "suffix":
      return value.endsWith(text);
    case "pattern":
      return fitsPattern(value, text);
  }
}

/** Names services by the first rule that fits; each field is compared once per distinct value. */
export function createServiceRules(
  configured: readonly ServiceRule[],
  setService: (batch: EventBatch, row: number, service: string) => void,
): (batch: EventBatch) => void {
  const rules = configured.map((rule) => ({ ...rule, text: toByteText(rule.text), service: toByteText(rule.service) }));
  const byField = new Map<FieldName, number[]>();
  for (const [i, { field }] of rules.entries()) byField.set(field, [...(byField.get(field) ?? []), i]);
  const readers = [...byField].map(([field, indices]) =>
    createFieldReader(field, (value) =>
      value === "" ? rules.length : (indices.find((i) => fits(value, rules[i])) ?? rules.length),
    ),
  );
  return function nameServices(batch) {
    for (const reader of readers) reader.begin(batch);
    for (let row = 0; row < batch.rows; row++) {
      let first = rules.length;
      for (const reader of readers) first = Math.min(first, reader.answer(batch, row));
      if (first < rules.length) setService(batch, row, rules[first].service);
    }
  };
}
