const TAB = 9;
const CARRIAGE_RETURN = 13;
const ESCAPE = 27;
const SPACE = 32;
const DELETE = 127;

/** Text has some control characters at most: those of terminals, and what attackers send. */
const SHARE_MAX = 0.1;

/** Whether first bytes are no text: a journal, wtmp, a picture. Half of UTF-16 are zeros, so it counts as well. */
export function isBinary(sample: Buffer): boolean {
  let controls = 0;
  for (const byte of sample) {
    const isControl = byte < SPACE ? byte !== ESCAPE && (byte < TAB || byte > CARRIAGE_RETURN) : byte === DELETE;
    if (isControl) controls++;
  }
  return controls > sample.length * SHARE_MAX;
}
