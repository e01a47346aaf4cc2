import { severityOnScale } from "./severity-scale.ts";

/** OpenTelemetry severity numbers: TRACE 1, DEBUG 5, INFO 9, WARN 13, ERROR 17, FATAL 21; 0 = none. */
const BY_WORD = new Map<string, number>(
  Object.entries({
    trace: 1,
    trc: 1,
    vrb: 1,
    v: 1,
    verbose: 1,
    finest: 1,
    silly: 1,
    finer: 2,
    debug: 5,
    dbg: 5,
    debug1: 5,
    debug2: 5,
    debug3: 5,
    debug4: 5,
    debug5: 5,
    dbug: 5,
    d1: 5,
    d2: 5,
    d3: 5,
    d4: 5,
    d5: 5,
    fine: 5,
    d: 5,
    info: 9,
    information: 9,
    informational: 9,
    inf: 9,
    log: 9,
    i: 9,
    config: 9,
    note: 9,
    system: 9,
    statement: 9,
    notice: 10,
    n: 10,
    success: 10,
    warn: 13,
    warning: 13,
    wrn: 13,
    w: 13,
    error: 17,
    err: 17,
    eror: 17,
    severe: 17,
    e: 17,
    failure: 17,
    critical: 18,
    crit: 18,
    c: 18,
    alert: 19,
    a: 19,
    fatal: 21,
    panic: 21,
    emerg: 21,
    emergency: 21,
    dpanic: 21,
    ftl: 21,
    f: 21,
    x: 21,
  }),
);

/** Severity number of a level's name in any case, or 0. */
export function severityOfWord(word: string): number {
  return BY_WORD.get(word) ?? BY_WORD.get(word.toLowerCase()) ?? 0;
}

/** Severity number of a level as Redis marks it, or 0. */
export function severityOfMark(mark: string): number {
  return mark === "." ? 5 : mark === "-" ? 9 : mark === "*" ? 10 : mark === "#" ? 13 : 0;
}

/** Severity number of a level as ESXi writes it, with the priority of syslog: `In(166)`; or 0. */
export function severityOfPriority(word: string): number {
  return severityOnScale(/^[A-Z][a-z]\((\d{1,3})\)$/.exec(word)?.[1] ?? "", "priority");
}

/** Severity number of a level as pino and bunyan count, 10 (trace) .. 60 (fatal); 0 for other numbers. */
export function severityOfTens(level: number): number {
  return level >= 10 && level <= 60 && level % 10 === 0 ? (level / 10 - 1) * 4 + 1 : 0;
}
