import type { Partials } from "../../processors/model/partial.ts";

/** A window's share as one object; what merging adds up. */
export interface Share {
  events: number;
  errors: number;
  bodySize: number;
  durations: number;
  durationSum: number;
  durationMin: number;
  durationMax: number;
  buckets: Record<number, number>;
  distinct: string[];
}

/** The shares of several batches, merged as readers do it: `rule|window|key` -> share. */
export function mergePartials(list: readonly Partials[]): Record<string, Share> {
  const merged: Record<string, Share> = {};
  for (const partials of list) {
    for (const [i, number] of partials.rule.entries()) {
      const rule = partials.rules[number];
      const id = JSON.stringify([
        rule.name,
        rule.version,
        rule.windowSeconds,
        partials.windowStart[i],
        ...partials.key[i],
      ]);
      const share = {
        events: partials.events[i],
        errors: partials.errors[i],
        bodySize: Number(partials.body_size_sum[i]),
        durations: partials.duration_count[i],
        durationSum: Number(partials.duration_us_sum[i]),
        durationMin: partials.duration_us_min[i],
        durationMax: partials.duration_us_max[i],
        buckets: Object.fromEntries(partials.duration_histogram[i]),
        distinct: [...partials.distinct_values[i]].sort(),
      };
      merged[id] = merged[id] === undefined ? share : add(merged[id], share);
    }
  }
  return merged;
}

function add(a: Share, b: Share): Share {
  const buckets = { ...a.buckets };
  for (const [bucket, count] of Object.entries(b.buckets))
    buckets[Number(bucket)] = (buckets[Number(bucket)] ?? 0) + count;
  const isNone = (share: Share) => share.durations === 0;
  return {
    events: a.events + b.events,
    errors: a.errors + b.errors,
    bodySize: a.bodySize + b.bodySize,
    durations: a.durations + b.durations,
    durationSum: a.durationSum + b.durationSum,
    durationMin: isNone(a) ? b.durationMin : isNone(b) ? a.durationMin : Math.min(a.durationMin, b.durationMin),
    durationMax: Math.max(a.durationMax, b.durationMax),
    buckets,
    distinct: [...new Set([...a.distinct, ...b.distinct])].sort(),
  };
}
