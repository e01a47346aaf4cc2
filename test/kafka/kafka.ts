import { describe, inject } from "vitest";

/** Tests that need the shared broker. Where there is none the set-up has said so. */
export const brokers: string = inject("kafkaBrokers");

export function withKafka(name: string, tests: () => void): void {
  describe.runIf(brokers !== "")(name, tests);
}
