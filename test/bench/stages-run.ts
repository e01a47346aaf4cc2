import { systemClock } from "../../processors/runtime/clock.ts";
import { readConfig } from "../../processors/runtime/config.ts";
import { load } from "../../processors/services/load.ts";
import type { StagesRun, StageTime } from "./stages.ts";
import { threadsCpuUs } from "./threads.ts";

/*
 * `stages-run.ts FILE DIR` loads a file in this process, takes the time between the calls of onStage, and writes a
 * StagesRun. Time belongs to the stage that has just ended; what comes before the first one is "start".
 */

const [file, data] = process.argv.slice(2);
const times = new Map<string, StageTime>();
let stageBefore = "";
let stage = "";
let markedMs = performance.now();
let markedCpu = process.threadCpuUsage();

function mark(name: string): void {
  const ms = performance.now();
  const cpu = process.threadCpuUsage();
  const known = times.get(name) ?? { name, wallUs: 0, cpuUs: 0 };
  times.set(name, {
    name,
    wallUs: known.wallUs + (ms - markedMs) * 1000,
    cpuUs: known.cpuUs + cpu.user + cpu.system - markedCpu.user - markedCpu.system,
  });
  markedMs = ms;
  markedCpu = cpu;
  stageBefore = stage;
  stage = name;
}

const before = process.cpuUsage();
const threadBefore = process.threadCpuUsage();
const startedMs = performance.now();
const summary = await load({
  config: readConfig({ env: {}, flags: { data } }),
  files: [file],
  source: null,
  format: "auto",
  again: false,
  stdin: process.stdin,
  clock: systemClock,
  signal: new AbortController().signal,
  onStage: (name) => mark(times.size === 0 ? "start" : name),
  // A batch is stored. If the next one was ready by then, the main thread has waited since.
  onProgress() {
    if (stage === "other" && stageBefore === "encode") mark("insert waiting");
  },
});
mark("end");

const used = process.cpuUsage(before);
const threadUsed = process.threadCpuUsage(threadBefore);
const run: StagesRun = {
  events: summary.events,
  seconds: (performance.now() - startedMs) / 1000,
  stages: [...times.values()],
  mainCpuUs: threadUsed.user + threadUsed.system,
  cpuUs: used.user + used.system,
  v8CpuUs: threadsCpuUs("V8Worker"),
  libuvCpuUs: threadsCpuUs("libuv"),
};
process.stdout.write(JSON.stringify(run));
