import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Process that holds the embedded store, by the engine's own status file; null when nobody alive does. */
export async function readHolder(store: string): Promise<number | null> {
  const status = await readFile(join(store, "status"), "utf8").catch(() => "");
  const pid = Number(/^PID: (\d+)/.exec(status)?.[1] ?? 0);
  return pid > 0 && pid !== process.pid && isAlive(pid) ? pid : null;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
