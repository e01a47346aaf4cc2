import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { METRICS, type MetricDefinition, type MetricName } from "./metrics-list.ts";

export type Labels = Readonly<Record<string, string | number>>;

/** The process's metrics: those of the list, and no others. */
export interface Metrics {
  /** Adds to a counter. */
  add(name: MetricName, labels: Labels, by?: number): void;
  /** Sets a gauge. */
  set(name: MetricName, labels: Labels, value: number): void;
  /** Adds a value to a histogram. */
  observe(name: MetricName, labels: Labels, value: number): void;
  /** Forgets what a metric says of these labels. */
  remove(name: MetricName, labels: Labels): void;
  /** Called before each reading, to set what is only known by looking. */
  onRead(look: () => void | Promise<void>): void;
  /** In Prometheus's text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const US = 1_000_000;

/** Metrics of this process, which begin at 0. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, { type, labels, meaning }] of Object.entries<MetricDefinition>(METRICS)) {
    const options = { name, help: meaning.replaceAll("`", ""), labelNames: [...labels], registers: [registry] };
    if (type === "counter") counters.set(name, new Counter(options));
    else if (type === "gauge") gauges.set(name, new Gauge(options));
    else histograms.set(name, new Histogram({ ...options, buckets: SECONDS }));
  }
  const looks: (() => void | Promise<void>)[] = [];
  let cpuUs = 0;
  gauges.get("process_start_time_seconds")?.set(Math.round(performance.timeOrigin / 1000));

  function lookAtProcess(): void {
    const { user, system } = process.cpuUsage();
    counters.get("process_cpu_seconds_total")?.inc((user + system - cpuUs) / US);
    cpuUs = user + system;
    gauges.get("process_resident_memory_bytes")?.set(process.memoryUsage.rss());
  }

  return {
    add: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
    set: (name, labels, value) => gauges.get(name)?.set(labels, value),
    observe: (name, labels, value) => histograms.get(name)?.observe(labels, value),
    remove: (name, labels) => gauges.get(name)?.remove(labels),
    onRead: (look) => void looks.push(look),
    async text() {
      lookAtProcess();
      for (const look of looks) await look();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
