import { seededRandom } from "../simulation/scheduler.ts";

export const FAULT_KINDS = {
  "kill-processor": { weight: 5, seconds: [0.1, 3] },
  "freeze-processor": { weight: 4, seconds: [1, 60] },
  "stop-processor": { weight: 1, seconds: [0.1, 2] },
  "kill-closer": { weight: 3, seconds: [0.1, 2] },
  "freeze-closer": { weight: 1, seconds: [1, 30] },
  "kill-broker": { weight: 1, seconds: [0.1, 5] },
  "kill-store": { weight: 3, seconds: [0.1, 5] },
  "freeze-store": { weight: 1, seconds: [1, 10] },
  "drop-replies": { weight: 3, seconds: [0.5, 5] },
  "delay-replies": { weight: 2, seconds: [1, 10] },
  "cut-requests": { weight: 2, seconds: [0.5, 4] },
  refuse: { weight: 2, seconds: [0.5, 10] },
} as const satisfies Record<string, { readonly weight: number; readonly seconds: readonly [number, number] }>;

export type FaultKind = keyof typeof FAULT_KINDS;

export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  /** Which of several processes, as a share of their number. */
  readonly target: number;
  /** How long it lasts; of a kill, until what was killed is started again. */
  readonly durationMs: number;
  /** Of what else the kind needs, 0 to 1. */
  readonly strength: number;
}

const CALM_MS = 15_000;

/** When what goes wrong: a function of the seed. Between two faults it is anything from nothing to three times the mean. */
export function scheduleOf(seed: number, minutes: number, perMinute: number): Fault[] {
  const random = seededRandom(seed);
  const kinds = Object.entries(FAULT_KINDS) as [FaultKind, (typeof FAULT_KINDS)[FaultKind]][];
  const weights = kinds.reduce((sum, [, { weight }]) => sum + weight, 0);
  const untilMs = minutes * 60_000;
  const meanMs = 60_000 / perMinute;
  const faults: Fault[] = [];
  for (let atMs = Math.min(CALM_MS, untilMs / 4); ; ) {
    atMs += Math.min(3, -Math.log(1 - random())) * meanMs;
    if (atMs > untilMs) return faults;
    let left = random() * weights;
    const [kind, { seconds }] = kinds.find(([, { weight }]) => (left -= weight) < 0) ?? kinds[0];
    // As many short ones as long ones, by their order of magnitude.
    const durationMs = Math.round(1000 * seconds[0] * (seconds[1] / seconds[0]) ** random());
    faults.push({ atMs: Math.round(atMs), kind, target: random(), durationMs, strength: random() });
  }
}
