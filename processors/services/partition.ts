import { basename } from "node:path";
import { frame } from "../decode/frame.ts";
import type { SourceOptions } from "../files/entry-source.ts";
import type { Source } from "../model/ports.ts";
import { detect } from "../parse/detect.ts";
import { formatByName } from "../parse/formats.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { detectedOf } from "./own-formats.ts";
import { type FinishedBatch, type PartitionProcessor, type ProcessOptions, takeOver } from "./process.ts";
import type { Reading, Workplace } from "./workplace.ts";

/** `access.log.2.gz` and `access.log-20261124` are the source `access`. */
export function sourceNameOf(path: string): string {
  const name = basename(path)
    .replace(/\.(gz|zst|zstd)$/i, "")
    .replace(/[.-][0-9]{1,10}$/, "")
    .replace(/\.(log|txt|json|jsonl|ndjson|out)$/i, "")
    .replace(/[^A-Za-z0-9._-]/g, "_");
  return name === "" ? "file" : name;
}

/** A source's format, declared or "auto". */
export function formatOf(config: Config, name: string): string {
  return config.sources.find((source) => source.name === name)?.format ?? "auto";
}

/** How the lines of a named source are read, its format being decided. */
export function readingOf(config: Config, name: string, format: string, isDeclared: boolean): Reading {
  const source = config.sources.find((candidate) => candidate.name === name);
  return {
    source: name,
    format,
    isDeclared,
    tenant: source?.tenant ?? "default",
    service: source?.service ?? name,
    timezone: source?.timezone ?? "UTC",
  };
}

/** How files and pipes are opened. `format`: "auto" decides by the content. */
export function sourceOptionsOf(
  { journal, config, formats }: Pick<Workplace, "journal" | "config" | "formats">,
  topic: string,
  format: string,
): SourceOptions {
  return {
    store: journal,
    topic,
    frame,
    recordBytesMax: config.batch.recordBytesMax,
    headerPrefix: (name) => formatByName(name, formats).headerPrefix ?? null,
    joins: (name) => formatByName(name, formats).joins,
    detect: (sample) => detect(sample, detectedOf(config, formats)),
    ...(format === "auto" ? {} : { declaredFormat: format }),
  };
}

export interface PartitionOptions extends Pick<ProcessOptions, "signal" | "onStage" | "ledgerOf"> {
  readonly source: Source;
  readonly reading: Reading;
  readonly logger: Logger | null;
  readonly onBatch: (batch: FinishedBatch) => void;
}

/** Takes a source's partition over, with the workplace's store, pipeline and limits. */
export function openPartition(workplace: Workplace, options: PartitionOptions): Promise<PartitionProcessor> {
  const { source, reading, logger, onBatch, signal, onStage, ledgerOf } = options;
  const { store, version, config, observer } = workplace;
  const watch = onStage ?? observer?.stageWatch();
  return takeOver({
    source,
    store,
    pipeline: workplace.pipelineFor(reading),
    limit: { recordsMax: config.batch.recordsMax, bytesMax: config.batch.bytesMax },
    version,
    refresh: workplace.refresh,
    signal,
    onBatch(batch) {
      const { topic, partition } = source;
      const { records, events, dropped, deadLetters } = batch.row;
      const { start, next } = batch;
      logger?.debug({ topic, partition, start, next, records, events, dropped, deadLetters }, "Batch stored.");
      observer?.onBatch(source, batch);
      onBatch(batch);
    },
    ...(watch === undefined ? {} : { onStage: watch }),
    ...(ledgerOf === undefined ? {} : { ledgerOf }),
  });
}
