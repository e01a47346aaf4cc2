import type { StatementMutant } from "./close-statements-model.ts";
import type { ClosingProfile } from "./closing-world.ts";
import type { Faults } from "./network.ts";
import type { TopicMutant } from "./topic-model.ts";
import { addFloats } from "./window-states.ts";

/** Closing or publishing with one of its rules taken out. */
export interface ClosingMutant {
  readonly name: string;
  readonly statements?: StatementMutant;
  readonly topic?: TopicMutant;
  readonly takesSilenceForIdleness?: boolean;
  readonly staysAlive?: boolean;
  /** Closers at once. */
  readonly slots?: number;
  readonly profile?: ClosingProfile;
  /** What makes it show soon. */
  readonly faults?: Partial<Faults>;
}

export const CLOSING_MUTANTS: readonly ClosingMutant[] = [
  { name: "no fence", topic: { hasNoFence: true }, profile: "kafka", slots: 2 },
  {
    name: "progress read before fencing",
    topic: { readsFirst: true },
    profile: "kafka",
    slots: 2,
    faults: { pause: 0.03 },
  },
  {
    name: "producer reused after an error",
    topic: { reuses: true },
    profile: "kafka",
    slots: 1,
    staysAlive: true,
    faults: { replyLost: 0.05 },
  },
  { name: "silence taken for idleness", takesSilenceForIdleness: true },
  { name: "no cut", statements: { hasNoCut: true } },
  { name: "float sums", statements: { add: addFloats } },
  { name: "revision without new value", statements: { keepsValue: true } },
];
