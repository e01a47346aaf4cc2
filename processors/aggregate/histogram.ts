/**
 * Logarithmic buckets for quantiles within 1 % of the exact value, mergeable by adding counts (DDSketch, Masson et al.
 * 2019): bucket i holds (γ^(i-1), γ^i] with γ = (1 + 0.01) / (1 - 0.01), and stands for 2γ^i / (γ + 1).
 */
const RELATIVE_ERROR = 0.01;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** Bucket of a value >= 1; 0 has a bucket of its own below all others. */
export function bucketOf(value: number): number {
  return value < 1 ? ZERO_BUCKET : Math.ceil(Math.log(value) / LOG_GAMMA - 1e-9);
}

export const ZERO_BUCKET = -32768;

/** Bucket of a whole number of any sign: buckets ascend as values do. */
export function bucketOfValue(value: number): number {
  if (value === 0) return -1;
  return value > 0 ? bucketOf(value) : -4096 - bucketOf(-value);
}

/** The value that a bucket stands for. */
export function valueOfBucket(bucket: number): number {
  return bucket === ZERO_BUCKET ? 0 : (2 * GAMMA ** bucket) / (GAMMA + 1);
}
