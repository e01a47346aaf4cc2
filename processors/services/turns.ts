/** One of those who take turns. */
export interface TakesTurns {
  /** Resolves when it is this one's turn, which lasts until `end`. A turn that it had before is over. */
  begin(): Promise<void>;
  end(): void;
  /** No turns any more, not even one that is waited for. */
  close(): void;
}

/** Lets so many work at the same time; the others wait in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  open(): TakesTurns {
    let has = false;
    let isClosed = false;
    const end = (): void => {
      if (!has) return;
      has = false;
      this.#give();
    };
    return {
      begin: async () => {
        end();
        await this.#take();
        if (isClosed || has) this.#give();
        else has = true;
      },
      end,
      close() {
        isClosed = true;
        end();
      },
    };
  }

  #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
