import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Clock } from "../../processors/model/ports.ts";
import { openWorkplace } from "../../processors/services/workplace.ts";
import { configOf, makeFolder } from "../integration/workbench.ts";

const STORE = new URL("../../processors/clickhouse/store.ts", import.meta.url).href;

/** A process that holds the store of a folder and offers it to nobody, as a query does. */
async function startHolder(dataDir: string): Promise<ChildProcess> {
  const script = `
    import { openStore } from ${JSON.stringify(STORE)};
    await openStore(${JSON.stringify({ dataDir })});
    setInterval(() => {}, 1000);
    console.log("open");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout!, "data");
  return child;
}

/** A clock in which only sleeping takes time; `onSleep` is awaited at each. */
function createSleepClock(onSleep: () => Promise<void>): Clock {
  let elapsedMs = 0;
  return {
    nowUs: () => elapsedMs * 1000,
    monotonicMs: () => elapsedMs,
    async sleep(ms) {
      elapsedMs += ms;
      await onSleep();
    },
  };
}

describe("a workplace whose store is held by a process that offers it to nobody", { timeout: 240_000 }, () => {
  it("opens as soon as that process is done", async () => {
    const data = join(makeFolder(), "data");
    const holder = await startHolder(data);
    let sleeps = 0;
    const clock = createSleepClock(async () => {
      if (++sleeps !== 2) return;
      holder.kill("SIGKILL");
      await once(holder, "close");
    });
    const workplace = await openWorkplace(configOf(data), clock);
    expect(sleeps).toBeGreaterThanOrEqual(2);
    expect(await workplace.store.query("SELECT count() AS n FROM events")).toEqual([{ n: "0" }]);
    await workplace.close();
  });

  it("is given up after three seconds", async () => {
    const data = join(makeFolder(), "data");
    await startHolder(data);
    const clock = createSleepClock(async () => {});
    await expect(openWorkplace(configOf(data), clock)).rejects.toMatchObject({ code: "STORE_BUSY" });
    expect(clock.monotonicMs()).toBe(3000);
  });
});
