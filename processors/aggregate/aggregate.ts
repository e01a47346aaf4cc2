import type { EventBatch } from "../model/event-batch.ts";
import type { Partials } from "../model/partial.ts";
import { type GroupBy, OTHER, type Rule } from "../model/rule.ts";
import { holding } from "./condition.ts";
import { type Groups, groupRows } from "./group.ts";
import { bucketOf, bucketOfValue } from "./histogram.ts";
import { type KeyColumn, keyColumn } from "./key-column.ts";
import { bucketsOf, countFlags, countRows, histogramsOf, measure, NO_BUCKET, sumOf } from "./measure.ts";
import { PairTable } from "./pair-table.ts";
import { valuesOf } from "./value.ts";
import { windowStart } from "./window.ts";

/** From this severity on, and from status 500 on, an event counts as an error. */
const ERROR_SEVERITY = 17;
const ERROR_STATUS = 500;

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
      value_count: [],
      value_sum: [],
      value_min: [],
      value_max: [],
      value_histogram: [],
    };
    const shared = {
      errors: errorsOf(batch),
      durationBuckets: bucketsOf(batch.rows, batch.duration_us, bucketOf, isDuration),
    };
    const columns = new Map<GroupBy, KeyColumn>();
    for (const [number, rule] of rules.entries()) {
      const keys = rule.groupBy.map((name) => {
        let column = columns.get(name);
        if (column === undefined) columns.set(name, (column = keyColumn(batch, name)));
        return column;
      });
      count(batch, shared, rule, number, keys, partials);
    }
    return partials;
  };
}

/** Whether a column has one value in the whole batch; then it need not be looked up per row. */
function isConstant(column: KeyColumn, rows: number): boolean {
  const { ids } = column;
  const first = ids[0];
  for (let row = 1; row < rows; row++) if (ids[row] !== first) return false;
  return true;
}

/** Columns that every rule counts. */
interface Shared {
  /** 1 for rows that are errors, for rules that don't say what one is. */
  readonly errors: Uint8Array;
  readonly durationBuckets: Int32Array;
}

function count(
  batch: EventBatch,
  shared: Shared,
  rule: Rule,
  ruleNumber: number,
  keys: readonly KeyColumn[],
  out: Partials,
): void {
  const { rows, timestampUs, duration_us } = batch;
  if (rows === 0) return;
  const groups = groupRows(
    batch,
    rule,
    keys.filter((column) => !isConstant(column, rows)),
  );
  const { ofRow, firstRows } = groups;
  const size = firstRows.length;
  const first = out.rule.length;
  for (let group = 0; group < size; group++) {
    const row = firstRows[group];
    out.rule.push(ruleNumber);
    out.windowStart.push(windowStart(timestampUs[row], rule.windowSeconds));
    out.key.push(groups.isOther(group) ? keys.map(() => OTHER) : keys.map((column) => column.text(column.ids[row])));
    out.distinct_values.push([]);
  }
  append(out.events, countRows(ofRow, size));
  const errors = rule.errors === undefined ? shared.errors : holding(batch, rule.errors, "any");
  append(out.errors, countFlags(ofRow, size, errors));
  append(out.body_size_sum, sumOf(ofRow, size, batch.http_response_body_size));
  const durations = measure(ofRow, size, duration_us, shared.durationBuckets);
  append(out.duration_count, durations.count);
  append(out.duration_us_sum, sumOf(ofRow, size, duration_us));
  append(out.duration_us_min, durations.min);
  append(out.duration_us_max, durations.max);
  append(out.duration_histogram, histogramsOf(ofRow, size, shared.durationBuckets));
  measureValue(batch, rule, groups, out);
  if (rule.distinct !== null) collectDistinct(keyColumn(batch, rule.distinct), ofRow, out.distinct_values, first);
}

/** The rule's own value, if it has one. Sums may be beyond 2^53. */
function measureValue(batch: EventBatch, rule: Rule, { ofRow, firstRows }: Groups, out: Partials): void {
  const size = firstRows.length;
  const sums = new Array<bigint>(size).fill(0n);
  if (rule.value === undefined) {
    const none = new Float64Array(size);
    append(out.value_sum, sums);
    for (const name of ["value_count", "value_min", "value_max"] as const) append(out[name], none);
    for (let group = 0; group < size; group++) out.value_histogram.push([]);
    return;
  }
  const values = valuesOf(batch, rule.value, rule.valueDecimals ?? 0);
  const buckets = bucketsOf(batch.rows, values, bucketOfValue, (value) => !Number.isNaN(value));
  for (let row = 0; row < ofRow.length; row++)
    if (ofRow[row] >= 0 && buckets[row] !== NO_BUCKET) sums[ofRow[row]] += BigInt(values[row]);
  const { count, min, max } = measure(ofRow, size, values, buckets);
  append(out.value_count, count);
  append(out.value_sum, sums);
  append(out.value_min, min);
  append(out.value_max, max);
  append(out.value_histogram, histogramsOf(ofRow, size, buckets));
}

/** The texts of a column that each group has, once. */
function collectDistinct(
  { ids, text }: KeyColumn,
  ofRow: Int32Array,
  out: Partials["distinct_values"],
  first: number,
): void {
  const table = new PairTable();
  for (let row = 0; row < ofRow.length; row++) if (ofRow[row] >= 0) table.number(ofRow[row], ids[row]);
  for (let number = 0; number < table.size; number++) {
    const value = text(table.second(number));
    // "None" is no value.
    if (value !== "") (out[first + table.first(number)] as string[]).push(value);
  }
}

function errorsOf({ rows, severity_number, http_response_status_code }: EventBatch): Uint8Array {
  const errors = new Uint8Array(rows);
  for (let row = 0; row < rows; row++)
    errors[row] = severity_number[row] >= ERROR_SEVERITY || http_response_status_code[row] >= ERROR_STATUS ? 1 : 0;
  return errors;
}

function isDuration(value: number): boolean {
  return value > 0;
}

function append<T>(out: T[], values: ArrayLike<T>): void {
  for (let i = 0; i < values.length; i++) out.push(values[i]);
}
