import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { WeirError } from "../model/errors.ts";
import type { Journal } from "./journal.ts";
import { type Holder, isLive, thisProcess } from "./lock.ts";

/**
 * Keeps writers of all processes of one data directory out while somebody exchanges parts of tables under them. Writers
 * pass at the cost of one look into the journal; who wants to be alone waits until every writer has noticed. What a dead
 * process held counts for nothing.
 */
export interface Gate {
  /** Runs a write beside other writes, once nobody is alone inside. */
  pass<T>(write: () => Promise<T>): Promise<T>;
  /** Runs work with no writer inside. Throws STORE_BUSY when a writer does not leave. */
  passAlone<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const ALONE = ["gate", "alone"] as const;
const WRITERS = ["gate", "writer"] as const;
const PAUSE_MS = 20;
/** How often an idle writer looks whether somebody waits for it. */
const LOOK_MS = 100;
/** An insert may take as long as its request may. */
const LEAVE_MS_MAX = 600_000;

interface Guest extends Holder {
  readonly id: string;
}

export function createGate(journal: Journal): Gate {
  const id = randomUUID();
  const self: Guest = { ...thisProcess(), id };
  const key = [...WRITERS, id];
  let isInside = false;
  let writing = 0;
  let timer: NodeJS.Timeout | undefined;

  function guestAt(value: Buffer | undefined): Guest | null {
    const guest = value && (JSON.parse(value.toString()) as Guest);
    return guest && isLive(guest) ? guest : null;
  }

  /** Whoever else is alone inside, or waits to be. */
  function aloneNow(): Guest | null {
    const guest = guestAt(journal.view.get(ALONE));
    return guest === null || guest.id === id ? null : guest;
  }

  async function leave(): Promise<void> {
    if (!isInside || writing > 0) return;
    isInside = false;
    clearInterval(timer);
    await journal.transact((transaction) => transaction.remove(key));
  }

  /** Counts the write in the same breath as it finds the gate open: whoever leaves must know of it. */
  async function enter(): Promise<void> {
    for (;;) {
      if (aloneNow() !== null) {
        await leave();
      } else if (isInside || (await register())) {
        writing++;
        if (!isInside) watch();
        isInside = true;
        return;
      }
      await sleep(PAUSE_MS);
    }
  }

  function watch(): void {
    timer = setInterval(() => {
      if (aloneNow() !== null) leave().catch(() => {});
    }, LOOK_MS).unref();
  }

  function register(): Promise<boolean> {
    return journal.transact((transaction) => {
      const alone = guestAt(transaction.get(ALONE));
      if (alone !== null && alone.id !== id) return false;
      transaction.put(key, Buffer.from(JSON.stringify(self)));
      return true;
    });
  }

  async function takeAlone(): Promise<void> {
    for (;;) {
      const isTaken = await journal.transact((transaction) => {
        const alone = guestAt(transaction.get(ALONE));
        if (alone !== null && alone.id !== id) return false;
        transaction.put(ALONE, Buffer.from(JSON.stringify(self)));
        return true;
      });
      if (isTaken) return;
      await sleep(PAUSE_MS);
    }
  }

  function writersInside(): Guest[] {
    return journal.view.range(WRITERS).flatMap(({ value }) => guestAt(value) ?? []);
  }

  return {
    async pass(write) {
      await enter();
      try {
        return await write();
      } finally {
        writing--;
        if (aloneNow() !== null) await leave();
      }
    },
    async passAlone(work) {
      await takeAlone();
      try {
        await leave();
        for (let waitedMs = 0; writersInside().length > 0; waitedMs += PAUSE_MS) {
          if (waitedMs > LEAVE_MS_MAX)
            throw new WeirError(
              "STORE_BUSY",
              `Process ${writersInside()[0]?.pid} writes into the store and makes no pause; stop it and start again.`,
            );
          await sleep(PAUSE_MS);
        }
        return await work();
      } finally {
        await journal.transact((transaction) => transaction.remove(ALONE));
      }
    },
    close: leave,
  };
}
