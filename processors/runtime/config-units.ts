/** Lengths of time as people write them: a whole number and s, m, h or d. */
export const DURATION_PATTERN = /^[1-9][0-9]{0,6} ?[smhd]$/;

/** Whole days. */
export const DAYS_PATTERN = /^[1-9][0-9]{0,4} ?d$/;

/** Amounts of bytes: a number and a unit; KiB, MiB and GiB are powers of 1024, kB, MB and GB of 1000. */
export const BYTES_PATTERN = /^[0-9]{1,15}(\.[0-9]{1,3})? ?(B|KiB|MiB|GiB|kB|MB|GB)$/;

const SECONDS_OF = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

const BYTES_OF = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
} as const;

/** Seconds of a text that matches DURATION_PATTERN. */
export function parseSeconds(text: string): number {
  const unit = text.at(-1) as keyof typeof SECONDS_OF;
  return Number.parseInt(text, 10) * SECONDS_OF[unit];
}

/** Bytes, rounded down, of a text that matches BYTES_PATTERN. */
export function parseBytes(text: string): number {
  const unit = /[A-Za-z]+$/.exec(text)![0] as keyof typeof BYTES_OF;
  return Math.floor(Number.parseFloat(text) * BYTES_OF[unit]);
}

/** Seconds in the largest unit that divides them: 600 becomes "10m". */
export function writeSeconds(seconds: number): string {
  for (const unit of ["d", "h", "m"] as const) {
    if (seconds % SECONDS_OF[unit] === 0) return `${seconds / SECONDS_OF[unit]}${unit}`;
  }
  return `${seconds}s`;
}

/** Bytes in the largest binary unit that divides them: 33554432 becomes "32 MiB". */
export function writeBytes(bytes: number): string {
  for (const unit of ["GiB", "MiB", "KiB"] as const) {
    if (bytes % BYTES_OF[unit] === 0) return `${bytes / BYTES_OF[unit]} ${unit}`;
  }
  return `${bytes} B`;
}
