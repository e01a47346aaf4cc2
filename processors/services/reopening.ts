import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import type { Logger } from "../runtime/logger.ts";

/** Work that one process does at a time. What it takes is opened when it is wanted, and again after an error that may pass. */
export interface Reopening<T> {
  readonly isOpen: boolean;
  /** Works; null: not now. Throws what can't be made good by trying again. */
  use<R>(work: (held: T) => Promise<R>): Promise<R | null>;
  close(): Promise<void>;
}

export interface ReopeningOptions<T> {
  open(): Promise<T>;
  /** What others see of the work: as long as it changes, somebody does it. */
  trace(): Promise<string>;
  /** What the log says when it fails, and when another process does it. */
  readonly messages: { readonly failed: string; readonly elsewhere: string };
  readonly clock: Clock;
  readonly logger: Logger | undefined;
}

/** Between attempts, twice as long after each that failed. */
const WAIT_MS_MIN = 1000;
const WAIT_MS_MAX = 30_000;
/** Who was fenced stands by until nothing has come of the other one for so long; otherwise they would take the work from each other. */
const STANDBY_MS = 60_000;

export function createReopening<T extends { close(): Promise<void> }>(options: ReopeningOptions<T>): Reopening<T> {
  const { clock, logger, messages } = options;
  let held: T | null = null;
  let failures = 0;
  let waitsUntilMs = Number.NEGATIVE_INFINITY;
  /** Another one has taken over, of whom this was seen last. */
  let isFenced = false;
  let seen: string | null = null;
  let told = "";

  async function letGo(): Promise<void> {
    const given = held;
    held = null;
    await given?.close();
  }

  async function work<R>(run: (held: T) => Promise<R>): Promise<R | null> {
    if (held === null && isFenced) {
      const now = await options.trace();
      if (seen !== null && now !== seen) waitsUntilMs = clock.monotonicMs() + STANDBY_MS;
      seen = now;
    }
    if (held === null && clock.monotonicMs() < waitsUntilMs) return null;
    held ??= await options.open();
    const result = await run(held);
    failures = 0;
    isFenced = false;
    seen = null;
    told = "";
    return result;
  }

  function wait(code: WeirError["code"]): void {
    // Whether another process of this machine still lives costs nothing to ask.
    if (code === "SOURCE_BUSY") return;
    isFenced ||= code === "CLOSE_FENCED";
    const ms = code === "CLOSE_FENCED" ? STANDBY_MS : Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** failures++);
    waitsUntilMs = clock.monotonicMs() + ms;
  }

  function tell({ code, message }: WeirError): void {
    if (told === code) return;
    told = code;
    if (code === "SOURCE_BUSY" || code === "CLOSE_FENCED") logger?.info({ code, reason: message }, messages.elsewhere);
    else logger?.warn({ code, reason: message }, messages.failed);
  }

  return {
    get isOpen() {
      return held !== null;
    },
    async use(run) {
      try {
        return await work(run);
      } catch (error) {
        // What a failed attempt has left behind is finished by the next.
        await letGo();
        if (!(error instanceof WeirError && error.retriable)) throw error;
        wait(error.code);
        tell(error);
        return null;
      }
    },
    close: letGo,
  };
}
