/** Numbers in [0, 1) that a seed fixes: mulberry32. */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = Math.imul(seed ^ (seed / 2 ** 32), 0x9e3779b1) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * The only source of time and of order in a simulated world. Everything that the program waits for ends by something that
 * happens here, one at a time: between two of them every promise goes on as far as it can. So a seed fixes the run.
 */
export class Scheduler {
  nowMs = 0;
  #order = 0;
  readonly #heap: Happening[] = [];

  in(ms: number, run: () => void): void {
    const heap = this.#heap;
    const added = { atMs: this.nowMs + ms, order: this.#order++, run };
    let at = heap.length;
    heap.push(added);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(added, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = added;
  }

  #next(): Happening | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }

  /** Lets things happen until it is over or the time is up. */
  run(untilMs: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        if (isOver() || this.#heap.length === 0 || this.#heap[0].atMs > untilMs) return resolve();
        const happening = this.#next()!;
        this.nowMs = happening.atMs;
        try {
          happening.run();
        } catch (error) {
          return reject(error);
        }
        setImmediate(step);
      };
      setImmediate(step);
    });
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
