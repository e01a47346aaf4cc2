import { setTimeout } from "node:timers/promises";
import type { Clock } from "../model/ports.ts";

/**
 * The machine's clock. Wall time comes in whole milliseconds: finer clocks of Node count from the start of the
 * process and would not follow when the machine's time is corrected.
 */
export const systemClock: Clock = {
  nowUs: () => Date.now() * 1000,
  monotonicMs: () => performance.now(),
  sleep: (ms) => setTimeout(ms),
};
