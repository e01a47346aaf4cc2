import { type EventBatch, STRING_COLUMNS, type StringColumnName } from "../model/event-batch.ts";
import type { Partials } from "../model/partial.ts";
import type { GroupBy, Rule } from "../model/rule.ts";
import { bucketOf } from "./histogram.ts";
import { PairTable } from "./pair-table.ts";
import { windowStart } from "./window.ts";

/** From this severity on, and from status 500 on, an event counts as an error. */
const ERROR_SEVERITY = 17;
const ERROR_STATUS = 500;

/** One column of a key: a small number per row, and the text that a number stands for. */
interface KeyColumn {
  readonly ids: Uint32Array;
  text(id: number): string;
}

const STATUS_CLASSES = ["", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"];

/**
 * The stage that counts a batch's events into windows. Only whole numbers are added, so that the order of events and of
 * batches makes no difference.
 */
export function createAggregate(rules: readonly Rule[]): (batch: EventBatch) => Partials {
  return function aggregate(batch) {
    const partials: Partials = {
      rules: rules.map(({ name, version, windowSeconds }) => ({ name, version, windowSeconds })),
      rule: [],
      windowStart: [],
      key: [],
      events: [],
      errors: [],
      body_size_sum: [],
      duration_count: [],
      duration_us_sum: [],
      duration_us_min: [],
      duration_us_max: [],
      duration_histogram: [],
      distinct_values: [],
    };
    const columns = new Map<GroupBy, KeyColumn>();
    for (const [number, rule] of rules.entries()) {
      const keys = rule.groupBy.map((name) => {
        let column = columns.get(name);
        if (column === undefined) columns.set(name, (column = keyColumn(batch, name)));
        return column;
      });
      count(batch, rule, number, keys, partials);
    }
    return partials;
  };
}

function keyColumn(batch: EventBatch, name: GroupBy): KeyColumn {
  if (name === "status_class") {
    const ids = new Uint32Array(batch.rows);
    for (let row = 0; row < batch.rows; row++) ids[row] = Math.floor(batch.http_response_status_code[row] / 100);
    return { ids, text: (id) => STATUS_CLASSES[id] ?? "" };
  }
  if (name === "template") {
    const table = new PairTable();
    const ids = new Uint32Array(batch.rows);
    for (let row = 0; row < batch.rows; row++)
      ids[row] = table.number(batch.templateIdHigh[row], batch.templateIdLow[row]);
    return { ids, text: (id) => hex8(table.first(id)) + hex8(table.second(id)) };
  }
  if (isStringColumn(name)) {
    const column = batch.strings[name];
    const { ids, dictionary } = column;
    if (column.isDirect) return distinctColumn(batch.rows, (row) => column.get(row));
    return { ids, text: (id) => dictionary.values[id] };
  }
  return attributeColumn(batch, name.slice("attributes.".length));
}

function isStringColumn(name: string): name is StringColumnName {
  return (STRING_COLUMNS as readonly string[]).includes(name);
}

function hex8(half: number): string {
  return half.toString(16).padStart(8, "0");
}

function attributeColumn(batch: EventBatch, key: string): KeyColumn {
  const { attributes } = batch;
  const wanted = attributes.keys.intern(key);
  let entry = 0;
  return distinctColumn(batch.rows, (row) => {
    let value = "";
    for (; entry < batch.attributeEnds[row]; entry++)
      if (attributes.keyIds[entry] === wanted) value = attributes.values.get(entry);
    return value;
  });
}

/** A column with one number per distinct text; the rows are asked for in order. */
function distinctColumn(rows: number, textOf: (row: number) => string): KeyColumn {
  const ids = new Uint32Array(rows);
  const values: string[] = [];
  const idOf = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    const value = textOf(row);
    let id = idOf.get(value);
    if (id === undefined) {
      id = values.push(value) - 1;
      idOf.set(value, id);
    }
    ids[row] = id;
  }
  return { ids, text: (id) => values[id] };
}

/** Whether a column has one value in the whole batch; then it need not be looked up per row. */
function isConstant(column: KeyColumn, rows: number): boolean {
  const { ids } = column;
  const first = ids[0];
  for (let row = 1; row < rows; row++) if (ids[row] !== first) return false;
  return true;
}

function count(batch: EventBatch, rule: Rule, ruleNumber: number, keys: readonly KeyColumn[], out: Partials): void {
  const rows = batch.rows;
  if (rows === 0) return;
  const varying = keys.filter((column) => !isConstant(column, rows));
  const tables = varying.map(() => new PairTable());
  const { timestampUs, severity_number, http_response_status_code, http_response_body_size, duration_us } = batch;
  const bodies = batch.strings.body.ids;

  // Windows get small numbers relative to the first row's.
  const windowUs = rule.windowSeconds * 1_000_000;
  const base = Math.floor(timestampUs[0] / windowUs);
  const windows = new PairTable();
  const groups = varying.length === 0 ? windows : tables[varying.length - 1];
  const distinct = rule.distinct === null ? null : { column: keyColumn(batch, rule.distinct), table: new PairTable() };
  const buckets = new PairTable();
  const bucketCounts: number[] = [];

  const first = out.rule.length;
  for (let row = 0; row < rows; row++) {
    if (rule.where === "http" && http_response_status_code[row] === 0) continue;
    if (rule.where === "body" && bodies[row] === 0) continue;
    const window = Math.floor(timestampUs[row] / windowUs) - base;
    let group = windows.number(window >>> 0, window < 0 ? 1 : 0);
    for (let i = 0; i < varying.length; i++) group = tables[i].number(group, varying[i].ids[row]);
    const at = first + group;
    if (at === out.rule.length) {
      out.rule.push(ruleNumber);
      out.windowStart.push(windowStart(timestampUs[row], rule.windowSeconds));
      out.key.push(keys.map((column) => column.text(column.ids[row])));
      out.events.push(0);
      out.errors.push(0);
      out.body_size_sum.push(0);
      out.duration_count.push(0);
      out.duration_us_sum.push(0);
      out.duration_us_min.push(0);
      out.duration_us_max.push(0);
      out.duration_histogram.push([]);
      out.distinct_values.push([]);
    }
    out.events[at]++;
    if (severity_number[row] >= ERROR_SEVERITY || http_response_status_code[row] >= ERROR_STATUS) out.errors[at]++;
    out.body_size_sum[at] += http_response_body_size[row];
    const duration = duration_us[row];
    if (duration > 0) {
      const seen = out.duration_count[at]++;
      out.duration_us_sum[at] += duration;
      if (seen === 0 || duration < out.duration_us_min[at]) out.duration_us_min[at] = duration;
      if (duration > out.duration_us_max[at]) out.duration_us_max[at] = duration;
      const number = buckets.number(group, bucketOf(duration) + 0x8000);
      bucketCounts[number] = (bucketCounts[number] ?? 0) + 1;
    }
    if (distinct !== null) distinct.table.number(group, distinct.column.ids[row]);
  }

  for (let number = 0; number < buckets.size; number++) {
    const list = out.duration_histogram[first + buckets.first(number)] as [number, number][];
    list.push([buckets.second(number) - 0x8000, bucketCounts[number]]);
  }
  for (let group = 0; group < groups.size; group++) {
    (out.duration_histogram[first + group] as [number, number][]).sort((a, b) => a[0] - b[0]);
  }
  if (distinct !== null) {
    for (let number = 0; number < distinct.table.size; number++) {
      const value = distinct.column.text(distinct.table.second(number));
      // "None" is no value.
      if (value !== "") (out.distinct_values[first + distinct.table.first(number)] as string[]).push(value);
    }
  }
}
