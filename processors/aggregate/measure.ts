import type { Partials } from "../model/partial.ts";
import { PairTable } from "./pair-table.ts";

/** The bucket of a row that has no value. */
export const NO_BUCKET = 0x7fffffff;

/** The bucket of each row's value; NO_BUCKET where `isValue` says that there is none. */
export function bucketsOf(
  rows: number,
  values: Float64Array,
  bucketOf: (value: number) => number,
  isValue: (value: number) => boolean,
): Int32Array {
  const buckets = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    buckets[row] = isValue(value) ? bucketOf(value) : NO_BUCKET;
  }
  return buckets;
}

/** Rows per group. */
export function countRows(ofRow: Int32Array, size: number): Float64Array {
  const counts = new Float64Array(size);
  for (let row = 0; row < ofRow.length; row++) if (ofRow[row] >= 0) counts[ofRow[row]]++;
  return counts;
}

/** Rows per group that a flag is set of. */
export function countFlags(ofRow: Int32Array, size: number, flags: Uint8Array): Float64Array {
  const counts = new Float64Array(size);
  for (let row = 0; row < ofRow.length; row++) if (ofRow[row] >= 0 && flags[row] === 1) counts[ofRow[row]]++;
  return counts;
}

/** Sum per group of whole numbers from 0 on, exact: beyond 2^53 it is a bigint. */
export function sumOf(ofRow: Int32Array, size: number, values: Float64Array): (number | bigint)[] {
  const sums = new Float64Array(size);
  for (let row = 0; row < ofRow.length; row++) if (ofRow[row] >= 0) sums[ofRow[row]] += values[row];
  const exact: (number | bigint)[] = Array.from(sums, (sum) => (sum <= Number.MAX_SAFE_INTEGER ? sum : 0n));
  if (exact.some((sum) => typeof sum === "bigint")) addExactly(ofRow, values, exact);
  return exact;
}

function addExactly(ofRow: Int32Array, values: Float64Array, sums: (number | bigint)[]): void {
  for (let row = 0; row < ofRow.length; row++) {
    const sum = sums[ofRow[row]];
    if (typeof sum === "bigint") sums[ofRow[row]] = sum + BigInt(values[row]);
  }
}

/** Per group, of rows that have a bucket: how many, the least and the greatest; 0 where there is none. */
export interface Measured {
  readonly count: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

export function measure(ofRow: Int32Array, size: number, values: Float64Array, buckets: Int32Array): Measured {
  const [count, min, max] = Array.from({ length: 3 }, () => new Float64Array(size));
  for (let row = 0; row < ofRow.length; row++) {
    const group = ofRow[row];
    if (group < 0 || buckets[row] === NO_BUCKET) continue;
    const value = values[row];
    const isFirst = count[group]++ === 0;
    if (isFirst || value < min[group]) min[group] = value;
    if (isFirst || value > max[group]) max[group] = value;
  }
  return { count, min, max };
}

type Histogram = Partials["duration_histogram"][number];

/** How many values of each bucket a group has, buckets ascending. */
export function histogramsOf(ofRow: Int32Array, size: number, buckets: Int32Array): Histogram[] {
  const table = new PairTable();
  const counts = countBuckets(ofRow, buckets, table);
  const histograms: [number, number][][] = [];
  for (let group = 0; group < size; group++) histograms.push([]);
  for (let number = 0; number < table.size; number++)
    histograms[table.first(number)].push([table.second(number) - BUCKET_OFFSET, counts[number]]);
  for (const histogram of histograms) if (histogram.length > 1) histogram.sort(byBucket);
  return histograms;
}

/** Makes buckets, which begin at -32768, numbers that a PairTable takes. */
const BUCKET_OFFSET = 0x8000;

function countBuckets(ofRow: Int32Array, buckets: Int32Array, table: PairTable): number[] {
  const counts: number[] = [];
  for (let row = 0; row < ofRow.length; row++) {
    const group = ofRow[row];
    if (group < 0 || buckets[row] === NO_BUCKET) continue;
    const number = table.number(group, buckets[row] + BUCKET_OFFSET);
    if (number === counts.length) counts.push(1);
    else counts[number]++;
  }
  return counts;
}

function byBucket(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0];
}
