import type { RecordBatch } from "../model/record.ts";
import type { Pipeline } from "../pipeline.ts";

/** More records than this that break the program are not bad luck: the program is broken. */
const POISON_MAX = 20;

/**
 * A pipeline that survives records on which a stage throws. Such a batch is halved until the records are found, which become
 * dead letters; the others are processed. The same records give the same rows: what breaks a stage breaks it every time.
 * A stage that never ends throws as well (deadline.ts). A process that dies of a record is not survived.
 */
export function withBisecting(pipeline: Pipeline): Pipeline {
  return {
    *run(records, identity, lookups) {
      try {
        return yield* pipeline.run(records, identity, lookups);
      } catch (error) {
        yield "failed";
        const poison = new Set<number>();
        const search = function* (from: number, to: number): Generator<string, boolean> {
          const part = partOf(records, from, to);
          try {
            yield* pipeline.run(part, identity, lookups);
            return false;
          } catch {
            if (poison.size === POISON_MAX) throw error;
            if (to - from === 1) {
              poison.add(from);
              return true;
            }
          }
          const middle = (from + to) >>> 1;
          const isBefore = yield* search(from, middle);
          const isAfter = yield* search(middle, to);
          // Neither half breaks alone: it is not a record's fault.
          if (!isBefore && !isAfter) throw error;
          return true;
        };
        if (records.count === 0 || !(yield* search(0, records.count))) throw error;
        return yield* pipeline.run({ ...records, poison }, identity, lookups);
      }
    },
  };
}

/** Some of a batch's records, where they are. */
function partOf(records: RecordBatch, from: number, to: number): RecordBatch {
  const { begins, ends, offsetDeltas, appendTimesUs, cut, headers } = records;
  const before = [...(headers ?? [])].findLast(([record]) => record <= from);
  const own = [...(headers ?? [])].filter(([record]) => record > from && record < to);
  return {
    ...records,
    count: to - from,
    begins: begins.subarray(from, to),
    ends: ends.subarray(from, to),
    offsetDeltas: offsetDeltas.subarray(from, to),
    ...(appendTimesUs === undefined ? {} : { appendTimesUs: appendTimesUs.subarray(from, to) }),
    ...(before === undefined
      ? {}
      : { headers: new Map([before, ...own].map(([record, header]) => [Math.max(0, record - from), header])) }),
    cut: cut.filter((record) => record >= from && record < to).map((record) => record - from),
  };
}
