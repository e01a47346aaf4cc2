import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";
import { WeirError } from "../model/errors.ts";
import { makeFolder } from "../runtime/folder.ts";
import { SHOP_SERVICES, type ShopService } from "../simulate/services.ts";
import { createShop } from "../simulate/shop.ts";
import { deploysCsv, truthCsv } from "../simulate/truth.ts";

export interface SimulateOptions {
  readonly directory: string;
  readonly seed: number;
  readonly ratePerSecond: number;
  /** IANA name. */
  readonly timezone: string;
  readonly incidentsPerDay: number;
  /** Epoch seconds; lines are of [fromSecond, toSecond). */
  readonly fromSecond: number;
  readonly toSecond: number;
  /** Compressed files, `.log.zst`. */
  readonly isCompressed: boolean;
  readonly signal: AbortSignal;
}

export interface SimulatedFile {
  readonly service: ShopService;
  readonly file: string;
  readonly lines: number;
  readonly bytes: number;
}

export interface Simulated {
  readonly files: readonly SimulatedFile[];
  readonly incidents: number;
  readonly deploys: number;
}

const CHUNK_CHARS = 1 << 20;
/** Other work of the process, such as a signal, has its turn after so many seconds at the latest. */
const SECONDS_PER_TURN = 3600;

/**
 * Writes the lines of the simulated shop to a file per service, `DIR/<service>.log`, what truly happened to
 * `DIR/truth.csv` and deploys to `DIR/deploys.csv`. Each file is there whole or not at all, and is as old as its last line could
 * be. Ended by the signal, it leaves what is whole. Throws USAGE where the folder can't be
 * written to, and CONFIG_INVALID.
 */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const { directory, fromSecond, toSecond, signal } = options;
  const shop = createShop({ ...options, startUs: 0 });
  try {
    makeFolder(directory);
    const files: SimulatedFile[] = [];
    for (const service of SHOP_SERVICES) {
      if (signal.aborted) break;
      const file = await writeService(options, service, (second) => shop.lines(service, second));
      if (file !== null) files.push(file);
    }
    const incidents = shop.incidents(fromSecond, toSecond);
    const deploys = shop.deploys(fromSecond, toSecond);
    await writeFile(join(directory, "truth.csv"), truthCsv(incidents));
    await writeFile(join(directory, "deploys.csv"), deploysCsv(deploys));
    return { files, incidents: incidents.length, deploys: deploys.length };
  } catch (error) {
    if (error instanceof WeirError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new WeirError(
      "USAGE",
      `The simulated lines can't be written to ${directory} (${reason}); name another folder.`,
    );
  }
}

async function writeService(
  { directory, fromSecond, toSecond, isCompressed, signal }: SimulateOptions,
  service: ShopService,
  linesOf: (epochSecond: number) => string,
): Promise<SimulatedFile | null> {
  const path = join(directory, `${service}.log${isCompressed ? ".zst" : ""}`);
  const partial = `${path}.new`;
  let lines = 0;
  let bytes = 0;

  async function* chunks(): AsyncGenerator<Buffer> {
    let text = "";
    for (let second = fromSecond; second < toSecond && !signal.aborted; second++) {
      const of = linesOf(second);
      if (of !== "") text += `${of}\n`;
      const isTurn = (second - fromSecond) % SECONDS_PER_TURN === 0;
      if (isTurn) await new Promise(setImmediate);
      if (text.length < CHUNK_CHARS && second + 1 < toSecond) continue;
      const chunk = Buffer.from(text, "latin1");
      for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) lines++;
      bytes += chunk.length;
      text = "";
      yield chunk;
    }
  }

  const output = createWriteStream(partial);
  if (isCompressed) await pipeline(chunks, createZstdCompress(), output);
  else await pipeline(chunks, output);
  if (!output.closed) await once(output, "close");
  if (signal.aborted) {
    await rm(partial);
    return null;
  }
  await utimes(partial, toSecond, toSecond);
  await rename(partial, path);
  return { service, file: path, lines, bytes };
}
