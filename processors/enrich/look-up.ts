import type { Addition } from "../model/attributes.ts";
import type { EventBatch, StringColumnName } from "../model/event-batch.ts";
import type { FieldName, Lookups, LookupTable } from "../model/lookups.ts";
import { toByteText } from "../model/record.ts";

/*
 * Values of a field, row by row, and what the user's tables have for them. A table is asked once per distinct value of a
 * text column. What an event has already stays.
 */

const PREFIX = "attributes.";

/** Gives the value of a field in a row, and an answer about it that is remembered per distinct value of a text column. */
export interface FieldReader<Answer> {
  begin(batch: EventBatch): void;
  /** The answer of `ask`, which must be a function of the value. */
  answer(batch: EventBatch, row: number): Answer;
}

export function createFieldReader<Answer>(field: FieldName, ask: (value: string) => Answer): FieldReader<Answer> {
  return field.startsWith(PREFIX)
    ? attributeReader(toByteText(field.slice(PREFIX.length)), ask)
    : columnReader(field as StringColumnName, ask);
}

function columnReader<Answer>(name: StringColumnName, ask: (value: string) => Answer): FieldReader<Answer> {
  let answers: (Answer | undefined)[] = [];
  let generation = -1;
  return {
    begin({ strings }) {
      if (strings[name].dictionary.generation === generation) return;
      generation = strings[name].dictionary.generation;
      answers = [];
    },
    answer({ strings }, row) {
      const column = strings[name];
      if (column.isDirect) return ask(column.get(row));
      const id = column.ids[row];
      let answer = answers[id];
      if (answer === undefined) answer = answers[id] = ask(column.dictionary.values[id]);
      return answer;
    },
  };
}

function attributeReader<Answer>(key: string, ask: (value: string) => Answer): FieldReader<Answer> {
  let keyId = 0;
  return {
    begin({ attributes }) {
      keyId = attributes.keys.intern(key);
    },
    answer(batch, row) {
      const entry = entryOf(batch, row, keyId);
      return ask(entry < 0 ? "" : batch.attributes.values.get(entry));
    },
  };
}

/** The entry of an attribute in a row, or -1. */
function entryOf({ attributes, attributeEnds }: EventBatch, row: number, keyId: number): number {
  const end = attributeEnds[row];
  for (let entry = row === 0 ? 0 : attributeEnds[row - 1]; entry < end; entry++)
    if (attributes.keyIds[entry] === keyId) return entry;
  return -1;
}

/** Applies one table after the other, so that one may look up what another found. `setService` fills service_name. */
export function createLookUp(
  { tables }: Lookups,
  setService: (batch: EventBatch, row: number, service: string) => void,
): (batch: EventBatch) => void {
  const steps = tables.map((table) => createStep(table, setService));
  return function lookUp(batch) {
    for (const step of steps) step(batch);
  };
}

function createStep(
  { field, targets, find }: LookupTable,
  setService: (batch: EventBatch, row: number, service: string) => void,
): (batch: EventBatch) => void {
  const reader = createFieldReader(field, (value) => (value === "" ? null : find(value)));
  return function step(batch) {
    const { attributes, strings, rows } = batch;
    reader.begin(batch);
    const keyIds = targets.map((target) =>
      target.startsWith(PREFIX) ? attributes.keys.intern(toByteText(target.slice(PREFIX.length))) : -1,
    );
    const additions: Addition[] = [];
    for (let row = 0; row < rows; row++) {
      const found = reader.answer(batch, row);
      if (found === null) continue;
      for (let i = 0; i < targets.length; i++) {
        const value = found[i];
        if (value === "") continue;
        const keyId = keyIds[i];
        if (keyId >= 0) {
          if (entryOf(batch, row, keyId) < 0) additions.push({ row, keyId, value });
        } else if (targets[i] === "service_name") setService(batch, row, value);
        else if (strings.geo_country_iso_code.ids[row] === 0) strings.geo_country_iso_code.set(row, value);
      }
    }
    if (additions.length > 0) attributes.insert(batch.attributeEnds, rows, additions);
  };
}
