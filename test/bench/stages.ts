import { fileURLToPath } from "node:url";
import { table } from "../../processors/runtime/table.ts";
import { report } from "./case.ts";
import { runNode } from "./child.ts";
import type { Scratch } from "./scratch.ts";
import { rounded } from "./statistics.ts";

const STAGES_RUN = fileURLToPath(new URL("./stages-run.ts", import.meta.url));

export interface StageTime {
  readonly name: string;
  readonly wallUs: number;
  /** Of the main thread. */
  readonly cpuUs: number;
}

/** One load as stages-run.ts saw it from inside. */
export interface StagesRun {
  readonly events: number;
  readonly seconds: number;
  readonly stages: readonly StageTime[];
  readonly mainCpuUs: number;
  /** Of all threads. */
  readonly cpuUs: number;
  /** Of V8's helpers: garbage collector and compiler. */
  readonly v8CpuUs: number;
  /** Of the threads that read and write files. */
  readonly libuvCpuUs: number;
}

/** One load, stage by stage: nanoseconds per event of the main thread, and what the other threads used besides. */
export async function showStages(name: string, file: string, scratch: Scratch): Promise<void> {
  const cwd = scratch.makeFolder("stages");
  const child = await runNode(STAGES_RUN, [file, `${cwd}/data`], cwd);
  const run = JSON.parse(child.stdout) as StagesRun;
  const perEvent = (us: number) => Math.round((us * 1000) / run.events);
  const rows: { name: string; cpu: number; wall: number | null }[] = [
    ...run.stages.map((stage) => ({ name: stage.name, cpu: perEvent(stage.cpuUs), wall: perEvent(stage.wallUs) })),
    { name: "= main thread", cpu: perEvent(run.mainCpuUs), wall: perEvent(run.seconds * 1e6) },
    { name: "+ V8's helper threads", cpu: perEvent(run.v8CpuUs), wall: null },
    { name: "+ file threads", cpu: perEvent(run.libuvCpuUs), wall: null },
    {
      name: "+ engine and others",
      cpu: perEvent(run.cpuUs - run.mainCpuUs - run.v8CpuUs - run.libuvCpuUs),
      wall: null,
    },
    { name: "= process", cpu: perEvent(run.cpuUs), wall: null },
  ];
  const text = table(rows, [
    { title: `${name}, ns per event`, value: (row) => row.name },
    { title: "CPU", value: ({ cpu }) => cpu },
    { title: "elapsed", value: ({ wall }) => wall },
  ]);
  report(text, {
    case: `${name}/stages`,
    events: run.events,
    seconds: rounded(run.seconds),
    events_per_s: Math.round(run.events / run.seconds),
    cpu_s_per_million: rounded(run.cpuUs / run.events),
    peak_rss_mb: Math.round(child.peakRssMb),
    ok: true,
    runs: 1,
    stages: Object.fromEntries(rows.map((row) => [row.name, row.cpu])),
  });
}
