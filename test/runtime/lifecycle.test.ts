import { EventEmitter } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { createLifecycle, type Part, stopInOrder } from "../../processors/runtime/lifecycle.ts";
import { createFakeClock } from "../support/fake-clock.ts";

function makeProcess() {
  const signals = new EventEmitter();
  const clock = createFakeClock();
  const seen: boolean[] = [];
  const lifecycle = createLifecycle({ signals, clock, onSignal: (isForced) => seen.push(isForced) });
  return { signals, clock, lifecycle, seen };
}

/** Work that ends when it is told to drain, and then `release` is called. */
function makeWork() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, release: resolve };
}

describe("a process", () => {
  it("that ends by itself is stopped, with exit code 0, and hears no signals any more", async () => {
    const { lifecycle, signals } = makeProcess();
    expect(lifecycle.state).toBe("created");
    const code = await lifecycle.run(async () => expect(lifecycle.state).toBe("running"));
    expect([code, lifecycle.state, lifecycle.signal.aborted]).toEqual([0, "stopped", false]);
    expect(signals.listenerCount("SIGINT") + signals.listenerCount("SIGTERM")).toBe(0);
  });

  for (const name of ["SIGINT", "SIGTERM"]) {
    it(`drains at ${name} and exits with 0`, async () => {
      const { lifecycle, signals, seen } = makeProcess();
      const { work, release } = makeWork();
      const ended = lifecycle.run(work);
      signals.emit(name);
      expect([lifecycle.state, lifecycle.signal.aborted, seen]).toEqual(["draining", true, [false]]);
      release();
      expect(await ended).toBe(0);
      expect(lifecycle.state).toBe("stopped");
    });
  }

  it("gives up with 130 at a second signal within two seconds, without waiting for the work", async () => {
    const { lifecycle, signals, clock, seen } = makeProcess();
    const ended = lifecycle.run(makeWork().work);
    signals.emit("SIGINT");
    await clock.advance(2000);
    signals.emit("SIGTERM");
    expect(await ended).toBe(130);
    expect([lifecycle.state, seen]).toEqual(["failed", [false, true]]);
  });

  it("goes on draining at a second signal that comes later, and gives up at a third soon after", async () => {
    const { lifecycle, signals, clock, seen } = makeProcess();
    const ended = lifecycle.run(makeWork().work);
    signals.emit("SIGINT");
    await clock.advance(2001);
    signals.emit("SIGINT");
    expect([lifecycle.state, seen]).toEqual(["draining", [false, false]]);
    await clock.advance(500);
    signals.emit("SIGINT");
    expect(await ended).toBe(130);
  });

  it("takes one press of Ctrl-C that arrives twice for one", async () => {
    const { lifecycle, signals, clock, seen } = makeProcess();
    const { work, release } = makeWork();
    const ended = lifecycle.run(work);
    signals.emit("SIGINT");
    await clock.advance(100);
    signals.emit("SIGINT");
    expect(seen).toEqual([false]);
    release();
    expect(await ended).toBe(0);
  });

  it("that fails is failed, with the work's error", async () => {
    const { lifecycle, signals } = makeProcess();
    await expect(lifecycle.run(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(lifecycle.state).toBe("failed");
    expect(signals.listenerCount("SIGINT")).toBe(0);
  });

  it("that fails while it drains is failed", async () => {
    const { lifecycle } = makeProcess();
    const ended = lifecycle.run(async (signal) => {
      lifecycle.drain();
      signal.throwIfAborted();
    });
    await expect(ended).rejects.toThrow();
    expect(lifecycle.state).toBe("failed");
  });

  it("doesn't begin to drain once it has stopped", async () => {
    const { lifecycle } = makeProcess();
    await lifecycle.run(async () => {});
    lifecycle.drain();
    expect([lifecycle.state, lifecycle.signal.aborted]).toEqual(["stopped", false]);
  });

  it("is not run twice", async () => {
    const { lifecycle } = makeProcess();
    await lifecycle.run(async () => {});
    await expect(lifecycle.run(async () => {})).rejects.toThrow("The process was run twice");
  });
});

describe("stopping in order", () => {
  const never = () => new Promise<void>(() => {});

  it("stops one after the other", async () => {
    const told: string[] = [];
    const part = (name: string): Part => ({
      name,
      async stop() {
        told.push(`${name} begins`);
        await Promise.resolve();
        told.push(`${name} ends`);
      },
    });
    await stopInOrder([part("source"), part("sink")], 10);
    expect(told).toEqual(["source begins", "source ends", "sink begins", "sink ends"]);
  });

  it("names all that hung or failed, after it has stopped the others", async () => {
    vi.useFakeTimers();
    try {
      let isClosed = false;
      const stopped = stopInOrder(
        [
          { name: "source", stop: never },
          {
            name: "batcher",
            stop: () => {
              throw new Error("no disk");
            },
          },
          { name: "journal", stop: never },
          {
            name: "sink",
            stop: async () => {
              isClosed = true;
            },
          },
        ],
        10_000,
      );
      const outcome = expect(stopped).rejects.toThrow(
        expect.objectContaining({
          code: "INTERNAL",
          message:
            "source did not stop in 10000 ms, batcher failed to stop (no disk), journal did not stop in 10000 ms; start again: unfinished work is done anew.",
        }),
      );
      await vi.advanceTimersByTimeAsync(19_999);
      expect(isClosed).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      await outcome;
      expect(isClosed).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("tells a part once, however often it is stopped", async () => {
    let times = 0;
    const part: Part = { name: "sink", stop: async () => void times++ };
    await Promise.all([stopInOrder([part], 10), stopInOrder([part], 10)]);
    await stopInOrder([part], 10);
    expect(times).toBe(1);
  });
});
