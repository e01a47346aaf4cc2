/**
 * Finds the records of byte text; decode/frame.ts says how. Sources are handed it, because things do not know acts.
 */
export type Frame = (
  text: string,
  from: number,
  options: {
    readonly join: boolean;
    readonly recordBytesMax: number;
    readonly recordsMax: number;
    readonly bytesMax: number;
    readonly atEnd: boolean;
  },
) => {
  readonly count: number;
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
  readonly offsetDeltas: Uint32Array;
  readonly consumed: number;
  readonly cut: readonly number[];
  readonly isFull: boolean;
};
