/** Work that runs within a transaction, and where its outcome goes. */
interface Waiting {
  run(): unknown;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Runs synchronous work in transactions. */
export interface WriteQueue {
  /** Resolves once the writes of the work are on disk. Work may run a second time, after nothing came of the first. */
  add<T>(work: () => T): Promise<T>;
  /** Runs what waits. */
  flush(): void;
}

/**
 * What is asked for within one turn of the event loop goes into one transaction: it costs one wait for the disk, whatever is in
 * it. Work that throws keeps no other from being written. `inTransaction` writes all of it or, when it throws, nothing.
 */
export function createWriteQueue(inTransaction: (work: () => unknown) => unknown): WriteQueue {
  let waiting: Waiting[] = [];

  function write(group: readonly Waiting[]): void {
    try {
      const results = inTransaction(() => group.map(({ run }) => run())) as unknown[];
      for (const [i, { resolve }] of group.entries()) resolve(results[i]);
    } catch (error) {
      if (group.length === 1) group[0].reject(error);
      else for (const one of group) write([one]);
    }
  }

  function flush(): void {
    const group = waiting;
    waiting = [];
    if (group.length > 0) write(group);
  }

  return {
    add<T>(work: () => T) {
      return new Promise<T>((resolve, reject) => {
        waiting.push({ run: work, resolve: resolve as Waiting["resolve"], reject });
        if (waiting.length === 1) setImmediate(flush);
      });
    },
    flush,
  };
}
