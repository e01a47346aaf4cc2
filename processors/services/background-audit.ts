import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import type { Logger } from "../runtime/logger.ts";
import { type AuditPlace, auditIn } from "./audit.ts";
import type { Observer } from "./observer.ts";

/** An audit now and then beside other work. */
export interface BackgroundAudit {
  /** Begins an audit when it is time and none is under way. Never throws and never waits. */
  tick(): void;
  /** Waits for the one that is under way. */
  close(): Promise<void>;
}

export interface BackgroundAuditOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: Observer | null;
  readonly firstMs?: number;
  readonly everyMs?: number;
}

const FIRST_MS = 300_000;
const EVERY_MS = 3_600_000;
/** Findings that are logged one by one. */
const FINDINGS_TOLD = 20;

export function createBackgroundAudit(
  place: Omit<AuditPlace, "clock" | "isAlone">,
  { clock, logger, observer, firstMs = FIRST_MS, everyMs = EVERY_MS }: BackgroundAuditOptions,
): BackgroundAudit {
  let dueMs = clock.monotonicMs() + firstMs;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    try {
      const { findings, partitions } = await auditIn({ ...place, clock, isAlone: false });
      observer?.onAudit(findings.length);
      for (const { topic, partition, code, text } of findings.slice(0, FINDINGS_TOLD))
        logger.error({ topic, partition, code }, text);
      if (findings.length === 0) logger.info({ partitions: partitions.length }, "Audited; nothing is wrong.");
      else logger.error({ findings: findings.length }, "Audited; see weir audit.");
    } catch (error) {
      const code = error instanceof WeirError ? error.code : "INTERNAL";
      logger.warn({ code, reason: String(error) }, "The audit failed; it is tried again.");
    }
  }

  return {
    tick() {
      if (running !== null || clock.monotonicMs() < dueMs) return;
      running = run().finally(() => {
        running = null;
        dueMs = clock.monotonicMs() + everyMs;
      });
    },
    async close() {
      await running;
    },
  };
}
