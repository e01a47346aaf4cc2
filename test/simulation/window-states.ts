/** What is added up in a window, of what the real tables hold: enough to tell whether an event was taken once, twice or not. */
export interface States {
  readonly events: number;
  readonly errors: number;
  readonly valueCount: number;
  readonly valueSum: number;
  readonly valueMin: number;
  readonly valueMax: number;
}

export const NOTHING: States = { events: 0, errors: 0, valueCount: 0, valueSum: 0, valueMin: 0, valueMax: 0 };

export type Add = (a: States, b: States) => States;

/** As the statements of services/close-statements.ts add: sums of whole numbers, least and greatest of those that have a value. */
export function add(a: States, b: States): States {
  return addWith(a, b, a.valueSum + b.valueSum);
}

/** The same in numbers with a fraction, whose sum depends on the order. */
export function addFloats(a: States, b: States): States {
  return addWith(a, b, Math.fround(Math.fround(a.valueSum) + Math.fround(b.valueSum)));
}

function addWith(a: States, b: States, valueSum: number): States {
  const [one, other] = a.valueCount === 0 ? [b, b] : b.valueCount === 0 ? [a, a] : [a, b];
  return {
    events: a.events + b.events,
    errors: a.errors + b.errors,
    valueCount: a.valueCount + b.valueCount,
    valueSum,
    valueMin: Math.min(one.valueMin, other.valueMin),
    valueMax: Math.max(one.valueMax, other.valueMax),
  };
}

export function isSame(a: States, b: States): boolean {
  return (Object.keys(NOTHING) as (keyof States)[]).every((name) => a[name] === b[name]);
}
