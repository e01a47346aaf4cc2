import { lengthOfDigits } from "./clock.ts";

/* The parts of a head of a line (head.ts), in the order of the line. */

export const TIME = 0;
export const LEVEL = 1;
export const PID = 2;
export const THREAD_ID = 3;
export const THREAD = 4;
export const LOGGER = 5;
export const HOST = 6;
export const SERVICE = 7;
/** What stands in front of the time. */
export const PREFIX = 8;
/** What has no name of its own; TAGS where that stands behind the level, too. */
export const CONTEXT = 9;
export const TAGS = 10;
export const PROGRAM = 11;

export class HeadParts {
  count = 0;
  readonly roles: number[] = [];
  readonly begins: number[] = [];
  readonly ends: number[] = [];
  /** Where the message begins; -1: no head was recognised. */
  bodyBegin = -1;
  #taken = 0;

  add(role: number, begin: number, end: number): void {
    this.roles[this.count] = role;
    this.begins[this.count] = begin;
    this.ends[this.count++] = end;
    this.#taken |= 1 << role;
  }

  has(role: number): boolean {
    return (this.#taken & (1 << role)) !== 0;
  }

  indexOf(role: number): number {
    for (let i = 0; i < this.count; i++) if (this.roles[i] === role) return i;
    return -1;
  }

  /** Takes back what came after the first `count` parts. */
  truncate(count: number): void {
    this.count = count;
    this.#taken = 0;
    for (let i = 0; i < count; i++) this.#taken |= 1 << this.roles[i];
  }

  /** A part without a name of its own. A second one takes in all from the first on. */
  addContext(begin: number, end: number): void {
    let role = CONTEXT;
    let first = this.indexOf(CONTEXT);
    if (first >= 0 && this.indexOf(LEVEL) > first) {
      role = TAGS;
      first = this.indexOf(TAGS);
    }
    if (first < 0) {
      this.add(role, begin, end);
      return;
    }
    const from = this.begins[first];
    this.truncate(first);
    this.add(role, from, end);
  }

  addNumber(begin: number, end: number): void {
    if (!this.has(PID)) this.add(PID, begin, end);
    else if (!this.has(THREAD_ID)) this.add(THREAD_ID, begin, end);
    else this.addContext(begin, end);
  }

  /** What stands in brackets: a number or a thread. Padding stays outside. */
  addBracket(text: string, begin: number, end: number): void {
    let from = begin;
    let to = end;
    while (from < to && text.charCodeAt(from) === 32) from++;
    while (from < to && text.charCodeAt(to - 1) === 32) to--;
    if (from === to) return;
    if (lengthOfDigits(text, from) === to - from) this.addNumber(from, to);
    else if (text.startsWith("MY-", from)) this.addContext(from, to);
    else if (this.has(THREAD)) this.addContext(from, to);
    else this.add(this.has(CONTEXT) && this.has(LEVEL) && !this.has(LOGGER) ? LOGGER : THREAD, from, to);
  }
}
