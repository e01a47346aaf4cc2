import type { EventBatch } from "../model/event-batch.ts";
import type { Partials } from "../model/partial.ts";
import { type GroupBy, OTHER, type Rule } from "../model/rule.ts";
import { holding } from "./condition.ts";
import { bucketOf, bucketOfValue } from "./histogram.ts";
import { type KeyColumn, keyColumn } from "./key-column.ts";
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
  const distinct = rule.distinct === null ? null : { column: keyColumn(batch, rule.distinct), table: new PairTable() };
  const buckets = new PairTable();
  const bucketCounts: number[] = [];
  const isWanted = rule.filter === undefined ? null : holding(batch, rule.filter, "all");
  const isError = rule.errors === undefined ? null : holding(batch, rule.errors, "any");
  const values = rule.value === undefined ? null : valuesOf(batch, rule.value, rule.valueDecimals ?? 0);
  const valueBuckets = new PairTable();
  const valueCounts: number[] = [];
  // A batch that has no more rows than keys are allowed can't have too many keys.
  const cap = rule.keysMax !== undefined && rows > rule.keysMax ? createCap(rule.keysMax) : null;

  const first = out.rule.length;
  for (let row = 0; row < rows; row++) {
    if (rule.where === "http" && http_response_status_code[row] === 0) continue;
    if (rule.where === "body" && bodies[row] === 0) continue;
    if (isWanted !== null && isWanted[row] === 0) continue;
    const window = Math.floor(timestampUs[row] / windowUs) - base;
    const windowNumber = windows.number(window >>> 0, window < 0 ? 1 : 0);
    let group = windowNumber;
    for (let i = 0; i < varying.length; i++) group = tables[i].number(group, varying[i].ids[row]);
    if (cap !== null) group = cap.slotOf(group, windowNumber, out.rule.length - first);
    const at = first + group;
    if (at === out.rule.length) {
      out.rule.push(ruleNumber);
      out.windowStart.push(windowStart(timestampUs[row], rule.windowSeconds));
      out.key.push(keys.map((column) => (cap?.isOther(group) === true ? OTHER : column.text(column.ids[row]))));
      out.events.push(0);
      out.errors.push(0);
      out.body_size_sum.push(0);
      out.duration_count.push(0);
      out.duration_us_sum.push(0);
      out.duration_us_min.push(0);
      out.duration_us_max.push(0);
      out.duration_histogram.push([]);
      out.distinct_values.push([]);
      out.value_count.push(0);
      out.value_sum.push(0n);
      out.value_min.push(0);
      out.value_max.push(0);
      out.value_histogram.push([]);
    }
    out.events[at]++;
    if (
      isError === null
        ? severity_number[row] >= ERROR_SEVERITY || http_response_status_code[row] >= ERROR_STATUS
        : isError[row] === 1
    )
      out.errors[at]++;
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
    if (values === null) continue;
    const value = values[row];
    if (Number.isNaN(value)) continue;
    const seen = out.value_count[at]++;
    out.value_sum[at] += BigInt(value);
    if (seen === 0 || value < out.value_min[at]) out.value_min[at] = value;
    if (seen === 0 || value > out.value_max[at]) out.value_max[at] = value;
    const number = valueBuckets.number(group, bucketOfValue(value) + 0x8000);
    valueCounts[number] = (valueCounts[number] ?? 0) + 1;
  }

  fillHistograms(out.duration_histogram, first, buckets, bucketCounts);
  if (values !== null) fillHistograms(out.value_histogram, first, valueBuckets, valueCounts);
  if (distinct !== null) {
    for (let number = 0; number < distinct.table.size; number++) {
      const value = distinct.column.text(distinct.table.second(number));
      // "None" is no value.
      if (value !== "") (out.distinct_values[first + distinct.table.first(number)] as string[]).push(value);
    }
  }
}

/** Puts what was counted per group and bucket into the histograms of the groups, buckets ascending. */
function fillHistograms(
  histograms: Partials["duration_histogram"],
  first: number,
  buckets: PairTable,
  counts: readonly number[],
): void {
  for (let number = 0; number < buckets.size; number++)
    (histograms[first + buckets.first(number)] as [number, number][]).push([
      buckets.second(number) - 0x8000,
      counts[number],
    ]);
  for (let at = first; at < histograms.length; at++) (histograms[at] as [number, number][]).sort((a, b) => a[0] - b[0]);
}

/** Gives each window no more than so many keys, and one for the rest. */
function createCap(keysMax: number) {
  const slots: number[] = [];
  const keys: number[] = [];
  const others = new Map<number, number>();
  const otherSlots = new Set<number>();
  return {
    /** Where a group is counted; `next` is the first free place. */
    slotOf(group: number, window: number, next: number): number {
      const known = slots[group];
      if (known !== undefined) return known;
      if ((keys[window] ?? 0) < keysMax) {
        keys[window] = (keys[window] ?? 0) + 1;
        return (slots[group] = next);
      }
      let other = others.get(window);
      if (other === undefined) {
        others.set(window, (other = next));
        otherSlots.add(other);
      }
      return (slots[group] = other);
    },
    isOther: (slot: number) => otherSlots.has(slot),
  };
}
