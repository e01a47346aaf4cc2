import { table } from "../../processors/runtime/table.ts";
import type { Inflicted } from "./inflict.ts";

/** A row for each kind of fault: how many, how long, and how long it took to get over it. */
export function faultTable(faults: readonly Inflicted[]): string {
  const kinds = [...new Set(faults.map(({ fault }) => fault.kind))].sort();
  const rows = kinds.map((kind) => {
    const of = faults.filter(({ fault }) => fault.kind === kind);
    const recoveries = recoveriesOf(of);
    return {
      kind,
      faults: of.length,
      lasted: `${seconds(Math.min(...of.map(lastedMs)))}–${seconds(Math.max(...of.map(lastedMs)))}`,
      p50: percentile(recoveries, 0.5),
      max: percentile(recoveries, 1),
      open: of.length - recoveries.length,
    };
  });
  return table(rows, [
    { title: "fault", value: ({ kind }) => kind },
    { title: "times", value: ({ faults }) => faults },
    { title: "lasted s", value: ({ lasted }) => lasted },
    { title: "recovery s p50", value: ({ p50 }) => p50 },
    { title: "max", value: ({ max }) => max },
    { title: "not seen", value: ({ open }) => open },
  ]);
}

export function recoveriesOf(faults: readonly Inflicted[]): number[] {
  return faults.flatMap(({ recoveryMs }) => (recoveryMs === null ? [] : [recoveryMs / 1000])).sort((a, b) => a - b);
}

export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  return rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
}

export function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function lastedMs({ beganMs, endedMs }: Inflicted): number {
  return (endedMs ?? performance.now()) - beganMs;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
