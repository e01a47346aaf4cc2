import { existsSync, readdirSync, readFileSync } from "node:fs";

const TASKS = "/proc/self/task";
/** USER_HZ, which Linux fixes for programs. */
const TICKS_PER_SECOND = 100;

/**
 * CPU time so far of this process's living threads whose name begins so, microseconds; 0 where the system doesn't tell.
 * Node's own threads ("V8Worker", "libuv-worker") live as long as the process; those of the engine come and go.
 */
export function threadsCpuUs(namePrefix: string): number {
  if (!existsSync(TASKS)) return 0;
  let ticks = 0;
  for (const id of readdirSync(TASKS)) {
    const stat = statOf(id);
    // The name is in parentheses and may hold spaces; user and system time are fields 14 and 15, name and id before them.
    const nameEnd = stat.lastIndexOf(")");
    if (!stat.slice(stat.indexOf("(") + 1, nameEnd).startsWith(namePrefix)) continue;
    const fields = stat.slice(nameEnd + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks / TICKS_PER_SECOND) * 1e6;
}

/** "" for a thread that has just ended. */
function statOf(id: string): string {
  try {
    return readFileSync(`${TASKS}/${id}/stat`, "latin1");
  } catch {
    return "";
  }
}
