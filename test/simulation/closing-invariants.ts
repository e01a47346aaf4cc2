import type { TopicRecord } from "../../processors/model/ports.ts";
import type { WindowRevision } from "../../processors/model/window.ts";
import { openReadingCodec } from "../../processors/services/output-topics.ts";
import { keyOf } from "./close-conditions.ts";
import type { CloseStatements } from "./close-statements-model.ts";
import { batchKey } from "./closing-store.ts";
import { type Delays, type Feeder, ROLL_UP_SECONDS, statesOf, WINDOW_SECONDS } from "./feeder.ts";
import type { Invariant } from "./invariants.ts";
import { add, isSame, NOTHING, type States } from "./window-states.ts";

interface Finding {
  readonly invariant: Invariant;
  readonly by: number;
  readonly what: string;
}

/** What every window must hold: the events of the ledger's batches, less those that a cut left out as too late. */
export function checkFinal(
  statements: CloseStatements,
  feeders: readonly Feeder[],
  visible: readonly TopicRecord[],
  { latenessUs }: Delays,
): Finding[] {
  const findings: Finding[] = [];
  const find = (invariant: Invariant, what: string) => findings.push({ invariant, by: 1, what });
  const truth = new Map<string, States>();
  const tooLate = new Map<string, number>();
  const count = (rule: string, start: number, key: string, states: States) => {
    const id = `${rule} ${start} ${key}`;
    truth.set(id, add(truth.get(id) ?? NOTHING, states));
  };
  const cutOf = new Map(
    statements.cuts.flatMap((cut) => cut.added.map((batch) => [keyOf(batch), { batch, cut }] as const)),
  );
  const stored = feeders.map(() => 0);
  for (const batch of [...statements.ledger.values()].sort((a, b) => a.start - b.start)) {
    if (batch.start !== stored[batch.partition]) throw new Error("The world's own ledger has a gap.");
    stored[batch.partition] = batch.end + 1;
    const counted = cutOf.get(batchKey(batch));
    const tooLateUs = counted?.batch.tooLateBeforeUs ?? 0;
    if (counted !== undefined && tooLateUs > Math.max(0, counted.cut.watermarkBeforeUs - latenessUs))
      find("late", `a batch of cut ${counted.cut.id} is too late before its time`);
    for (const event of feeders[batch.partition].events.slice(batch.start, batch.end + 1)) {
      const start = Math.floor(event.timeUs / 1_000_000 / WINDOW_SECONDS) * WINDOW_SECONDS;
      const isTooLate = (start + WINDOW_SECONDS) * 1_000_000 <= tooLateUs;
      if (isTooLate) tooLate.set(`${start}`, (tooLate.get(`${start}`) ?? 0) + 1);
      else {
        count("base", start, event.key, statesOf(event));
        count("up", Math.floor(start / ROLL_UP_SECONDS) * ROLL_UP_SECONDS, "", statesOf(event));
      }
    }
  }
  const counted = new Map<string, number>();
  for (const { start, events } of statements.tooLate.values())
    counted.set(`${start}`, (counted.get(`${start}`) ?? 0) + events);
  // What was too late in a batch that is gone stays counted.
  const isWhole = statements.cuts.every(({ removed }) => removed.length === 0);
  for (const start of new Set([...tooLate.keys(), ...counted.keys()])) {
    const [must, is] = [tooLate.get(start) ?? 0, counted.get(start) ?? 0];
    if (is < must || (isWhole && is > must)) find("late", `window ${start}: ${must} are too late, ${is} are counted`);
  }

  const latest = new Map<string, { readonly revision: number; readonly states: States }>();
  for (const { rule, start, key, revision, states } of statements.windows) {
    const id = `${rule} ${start} ${key.join(" ")}`;
    if (revision > (latest.get(id)?.revision ?? 0)) latest.set(id, { revision, states });
  }
  for (const id of new Set([...truth.keys(), ...latest.keys()])) {
    const [is, must] = [latest.get(id)?.states ?? NOTHING, truth.get(id) ?? NOTHING];
    if (!isSame(is, must)) find("windows", `${id} is ${JSON.stringify(is)} and must be ${JSON.stringify(must)}`);
  }

  const published = new Map<string, { readonly revision: number; readonly states: States }>();
  const revisions = new Set<string>();
  const { decode } = openReadingCodec("windows");
  for (const { value } of visible) {
    const row = decode(value) as WindowRevision;
    const id = `${row.rule} ${row.window_start / 1000} ${row.key.join(" ")}`;
    revisions.add(`${id} ${row.revision}`);
    if (row.revision > (published.get(id)?.revision ?? 0))
      published.set(id, {
        revision: row.revision,
        states: {
          ...{ events: row.events, errors: row.errors, valueCount: row.value_count },
          valueSum: Number(row.value_sum),
          valueMin: Number(row.value_min),
          valueMax: Number(row.value_max),
        },
      });
  }
  for (const [id, { revision, states }] of latest) {
    const seen = published.get(id);
    if (seen?.revision !== revision || !isSame(seen.states, states))
      find(
        "published",
        `${id} is revision ${revision} ${JSON.stringify(states)} in the store, and ${seen?.revision} ${JSON.stringify(seen?.states)} in the topic`,
      );
  }
  for (const { rule, start, key, revision } of statements.windows)
    if (!revisions.has(`${rule} ${start} ${key.join(" ")} ${revision}`))
      find("published", `revision ${revision} of ${rule} ${start} ${key} is not in the topic`);
  return findings;
}
