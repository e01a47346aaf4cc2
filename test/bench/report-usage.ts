import { existsSync, readFileSync, writeSync } from "node:fs";
import { USAGE_DESCRIPTOR, type Usage } from "./child.ts";

/*
 * Loaded into a child process in front of its program (`node --import`). When the program exits, it tells what the whole
 * process used, the threads of the embedded engine and those that ended before included.
 */

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage: Usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakRssKib: peakRssKib() ?? maxRSS };
  writeSync(USAGE_DESCRIPTOR, JSON.stringify(usage));
});

/** Linux hands a parent's peak on to `maxRSS` of a child it starts; VmHWM is the program's own. */
function peakRssKib(): number | null {
  if (!existsSync("/proc/self/status")) return null;
  const text = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return text === undefined ? null : Number(text);
}
