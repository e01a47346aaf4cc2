import vm from "node:vm";
import type { RecordBatch } from "../model/record.ts";
import type { Pipeline } from "../pipeline.ts";

/** A stage did not come to its end. */
export class StageHung extends Error {
  constructor(limitMs: number) {
    super(`a stage took more than ${limitMs} ms of CPU time`);
  }
}

export interface DeadlineOptions {
  /** CPU time that a step of a batch may take: stages are linear in records and bytes. */
  readonly limitMsOf: (records: RecordBatch) => number;
}

const MS_MIN = 1000;
const MS_PER_RECORD = 0.05;
const MS_PER_BYTE = 0.0002;

/** Many times what a step needs, and never so long that the group hears nothing of this process meanwhile. */
export function limitMsFor({ count, begins, ends }: RecordBatch, sessionMs: number): number {
  const bytes = count === 0 ? 0 : ends[count - 1] - begins[0];
  return Math.round(Math.min(sessionMs / 3, MS_MIN + count * MS_PER_RECORD + Math.max(0, bytes) * MS_PER_BYTE));
}

/**
 * A pipeline whose steps are broken off when they don't end: then `run` throws StageHung. What a step has begun may be half
 * done, so a new pipeline is made each time. CPU time counts, not the clock: a process that stands still or has to wait for
 * others is not hung, and what was broken off for that is done again.
 */
export function withDeadline(make: () => Pipeline, { limitMsOf }: DeadlineOptions): Pipeline {
  let pipeline = make();
  return {
    *run(records, identity, lookups) {
      const limitMs = limitMsOf(records);
      for (let patience = WALL_FACTOR; ; patience *= 2) {
        const stages = pipeline.run(records, identity, lookups);
        try {
          for (;;) {
            const { done, value } = interruptible(() => stages.next(), limitMs * patience);
            if (done) return value;
            yield value;
          }
        } catch (error) {
          if (!(error instanceof Interrupted)) throw error;
          pipeline = make();
          // Others must get their turn: the group wants to hear of this process.
          yield "hung";
          if (error.cpuMs >= limitMs || patience >= PATIENCE_MAX) throw new StageHung(limitMs);
        }
      }
    },
  };
}

const WALL_FACTOR = 1.5;
const PATIENCE_MAX = 100;

class Interrupted extends Error {
  readonly cpuMs: number;

  constructor(cpuMs: number) {
    super("interrupted");
    this.cpuMs = cpuMs;
  }
}

/** What is run now, for the script, which can't be handed anything. */
const place = vm.createContext({ run: (): unknown => undefined }) as { run: () => unknown };
const script = new vm.Script("run()");

/** Runs code that can be broken off at any point, loops and regular expressions included. */
function interruptible<T>(run: () => T, wallMs: number): T {
  const before = process.threadCpuUsage();
  place.run = run;
  try {
    return script.runInContext(place, { timeout: Math.ceil(wallMs) }) as T;
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    const { user, system } = process.threadCpuUsage(before);
    throw new Interrupted((user + system) / 1000);
  }
}
