import type { Scan } from "./characters.ts";

const OWN_TOKEN = /<(?:secret|jwt|[a-z][a-z_]{0,31}:(?:[0-9a-f]{16}|withheld))>/y;

/**
 * End of what masking left at `at`; `at` itself if there is nothing of the kind. It is passed over like what stood in its
 * place, so that masking twice is masking once.
 */
export function ownTokenEnd(scan: Scan, at: number): number {
  OWN_TOKEN.lastIndex = at;
  return OWN_TOKEN.test(scan.text) ? OWN_TOKEN.lastIndex : at;
}
