import type { DueWindows } from "../../processors/close/chunk.ts";
import type { InsertBlock } from "../../processors/model/ports.ts";
import {
  DUE,
  DUE_AGAIN,
  INSERT_TOO_LATE,
  insertRollUps,
  insertWindows,
  LOST_BATCHES,
  ROLL_UPS_DUE,
  uncutBatches,
} from "../../processors/services/close-statements.ts";
import { PUBLISHABLE, PUBLISHED } from "../../processors/services/publish-statements.ts";
import {
  dueOf,
  endUs,
  isDue,
  isIn,
  isRecomputed,
  keyOf,
  order,
  type Parameters,
  windowKey,
} from "./close-conditions.ts";
import { CloseTables, type RuleRow, type TooLateRow } from "./close-tables.ts";
import type { Share, WindowRow } from "./closing-store.ts";
import { type CutRow, decodeCut } from "./cut-row.ts";
import { type Add, add, NOTHING } from "./window-states.ts";

/** A rule of closing taken out of the store's statements. */
export interface StatementMutant {
  readonly add?: Add;
  /** What is stored counts, whether a cut has it or not. */
  readonly hasNoCut?: boolean;
  /** A new revision holds what the one before held. */
  readonly keepsValue?: boolean;
}

/** A batch that a cut added and none took away. */
interface Counted {
  readonly key: string;
  readonly cut: number;
  readonly tooLateUs: number;
}

/**
 * The statements of closing (services/close*.ts) over tables in memory: what each does is said there, and tested with the
 * real engine in test/services/closer.test.ts.
 */
export class CloseStatements extends CloseTables {
  readonly #mutant: StatementMutant;
  readonly #add: Add;
  readonly #queries: ReadonlyMap<string, (parameters: Parameters) => unknown[]>;
  readonly #commands: ReadonlyMap<string, (parameters: Parameters) => void>;
  onCut: (cut: CutRow) => void = () => {};

  constructor(mutant: StatementMutant = {}) {
    super();
    this.#mutant = mutant;
    this.#add = mutant.add ?? add;
    this.#queries = new Map<string, (parameters: Parameters) => unknown[]>([
      [DUE, (p) => dueOf(this.#shares(p).map(({ share }) => share))],
      [DUE_AGAIN, (p) => this.#dueAgain(p)],
      [ROLL_UPS_DUE, (p) => this.#rollUpsDue(p)],
      [PUBLISHABLE, (p) => this.#publishable(p)],
      [PUBLISHED, (p) => this.#published(p)],
      [LOST_BATCHES, () => this.lost()],
      [uncutBatches(true), () => this.uncut()],
      [uncutBatches(false), () => this.uncut()],
    ]);
    this.#commands = new Map<string, (parameters: Parameters) => void>([
      [insertWindows("{token:String}"), (p) => this.#insertWindows(p)],
      [insertRollUps("{token:String}"), (p) => this.#insertRollUps(p)],
      [INSERT_TOO_LATE, (p) => this.#insertTooLate(p)],
    ]);
  }

  insertCut(block: InsertBlock): void {
    const cut = decodeCut(block);
    this.cuts.push(cut);
    this.onCut(cut);
  }

  query(sql: string, parameters: Parameters): unknown[] {
    const known = this.#queries.get(sql);
    if (known !== undefined) return known(parameters);
    for (const [pattern, run] of this.#asked) if (pattern.test(sql)) return run(parameters);
    throw new Error(`This store doesn't know the query ${sql}`);
  }

  command(sql: string, parameters: Parameters): void {
    if (sql.startsWith("INSERT INTO rules")) {
      const { name, version } = parameters as unknown as RuleRow;
      if (!this.rules.some((rule) => rule.name === name && rule.version === version))
        this.rules.push(parameters as unknown as RuleRow);
      return;
    }
    const known = this.#commands.get(sql);
    if (known === undefined) throw new Error(`This store doesn't know the command ${sql}`);
    known(parameters);
  }

  readonly #asked: readonly (readonly [RegExp, (parameters: Parameters) => unknown[]])[] = [
    [/^SELECT name, version FROM rules/, () => this.rules],
    [/^SELECT r\.name AS name/, () => this.rollUps()],
    [
      /FROM cuts WHERE .* AND is_revising ORDER BY cut_id DESC LIMIT 2/,
      (p) => this.latestCuts(p, (c) => c.isRevising, 2),
    ],
    [/FROM cuts WHERE .* ORDER BY cut_id DESC LIMIT 1$/, (p) => this.latestCuts(p, () => true, 1)],
    [/^SELECT maxIf\(cut_id, is_drained\)/, (p) => this.totals(p)],
    [/^SELECT p\.1 AS topic/, (p) => this.noted(p)],
    [/FROM cuts WHERE cut_id = \{id:UInt64\}/, ({ id }) => this.cutOf(Number(id))],
    [/^SELECT toUnixTimestamp64Micro\(min\(time\)\) AS least/, (p) => this.least(p)],
    [/^SELECT 1 AS found FROM windows/, (p) => (this.#isThere(p) ? [{ found: 1 }] : [])],
    [/^SELECT DISTINCT cut_id AS cut FROM windows/, (p) => this.#cutsOfWindows(p)],
    [/AS reachedUs FROM ledger GROUP BY/, () => this.reaches()],
  ];

  #isThere({ rule, version, cut, from, to }: Parameters): boolean {
    return this.windows.some(
      (row) =>
        row.rule === rule &&
        row.version === version &&
        row.cut === Number(cut) &&
        row.start >= Number(from) &&
        row.start <= Number(to),
    );
  }

  #cutsOfWindows({ after, upTo }: Parameters): unknown[] {
    const ids = new Set(this.windows.map(({ cut }) => cut).filter((cut) => cut > Number(after) && cut <= Number(upTo)));
    return [...ids].sort((a, b) => a - b).map((cut) => ({ cut: String(cut) }));
  }

  /** Batches of the ledger wait for a cut. */
  get hasUncut(): boolean {
    return this.uncut().length > 0 || this.lost().length > 0;
  }

  #batches(p: Parameters): Counted[] {
    const cutId = Number(p["cut"]);
    const upTo = this.cuts.filter(({ id }) => id <= cutId);
    const removed = new Set(upTo.flatMap((cut) => cut.removed.map(keyOf)));
    const openFrom = Number(p["openFrom"]);
    const counted: Counted[] = [];
    for (const { id, timestampUsMax, added } of upTo)
      for (const batch of added) {
        const key = keyOf(batch);
        if (removed.has(key)) continue;
        if (id <= Number(p["after"]) && (timestampUsMax < openFrom || batch.timestampUsMax < openFrom)) continue;
        counted.push({ key, cut: id, tooLateUs: batch.tooLateBeforeUs });
      }
    if (this.#mutant.hasNoCut === true) {
      const known = this.addedKeys();
      for (const key of this.ledger.keys()) if (!known.has(key)) counted.push({ key, cut: cutId, tooLateUs: 0 });
    }
    return counted;
  }

  #shares(p: Parameters, of?: Parameters): { readonly share: Share; readonly cut: number }[] {
    const found: { share: Share; cut: number }[] = [];
    for (const { key, cut, tooLateUs } of this.#batches(p))
      for (const share of this.partials.get(key) ?? [])
        if (
          (of === undefined || (share.rule === of["rule"] && share.version === of["version"])) &&
          isIn(share, p) &&
          endUs(share) > tooLateUs &&
          isDue(share, cut, p)
        )
          found.push({ share, cut });
    return found;
  }

  #dueAgain(p: Parameters): DueWindows[] {
    const rolled = new Set(this.rules.filter(({ from }) => from !== "").map(({ name }) => name));
    return dueOf(
      this.windows.filter((row) => row.cut < Number(p["cut"]) && isRecomputed(row, p) && !rolled.has(row.rule)),
    );
  }

  /** Newest revision of each window that the range has, by a test of its cut. */
  #latest(
    rule: unknown,
    version: unknown,
    from: number,
    to: number,
    counts: (cut: number) => boolean,
  ): Map<string, WindowRow> {
    const latest = new Map<string, WindowRow>();
    for (const row of this.windows) {
      if (row.rule !== rule || row.version !== version || !counts(row.cut) || row.start < from || row.start > to)
        continue;
      const key = windowKey(row);
      const known = latest.get(key);
      if (known === undefined || row.revision > known.revision) latest.set(key, row);
    }
    return latest;
  }

  #insertWindows(p: Parameters): void {
    const cut = Number(p["cut"]);
    const { rule, version } = p;
    const before = this.#latest(rule, version, Number(p["from"]), Number(p["to"]), (id) => id < cut);
    const made = new Map<string, WindowRow>();
    const watermarkUs = Number(p["watermark"]);
    for (const row of before.values())
      if (isRecomputed(row, p))
        made.set(windowKey(row), { ...row, revision: row.revision + 1, cut, watermarkUs, states: NOTHING });
    for (const { share, cut: batchCut } of this.#shares(p, p)) {
      const key = windowKey(share);
      const earlier = before.get(key);
      if (batchCut <= (earlier?.cut ?? 0) && !isRecomputed(share, p)) continue;
      const known = made.get(key) ?? {
        ...share,
        revision: (earlier?.revision ?? 0) + 1,
        cut,
        watermarkUs,
        states: earlier?.states ?? NOTHING,
      };
      made.set(key, { ...known, states: this.#add(known.states, share.states) });
    }
    this.#keep(made, before);
  }

  #keep(made: ReadonlyMap<string, WindowRow>, before: ReadonlyMap<string, WindowRow>): void {
    for (const [key, row] of made) {
      const states = this.#mutant.keepsValue === true ? (before.get(key)?.states ?? row.states) : row.states;
      this.windows.push({ ...row, states });
    }
  }

  #rollUpsDue(p: Parameters): DueWindows[] {
    const size = Number(p["size"]);
    const rows = this.windows
      .filter((row) => row.rule === p["base"] && row.version === p["baseVersion"] && row.cut <= Number(p["cut"]))
      .filter((row) => row.start >= Number(p["from"]))
      .map((row) => ({ ...row, start: Math.floor(row.start / size) * size, size, cut: row.cut }))
      .filter((row) => isDue(row, row.cut, p));
    return dueOf(rows).map((due) => ({ ...due, rule: String(p["rule"]), version: Number(p["version"]) }));
  }

  #insertRollUps(p: Parameters): void {
    const cut = Number(p["cut"]);
    const size = Number(p["size"]);
    const from = Number(p["from"]);
    const to = Number(p["to"]);
    const base = this.#latest(p["base"], p["baseVersion"], from, to + size - 1, (id) => id <= cut);
    const before = this.#latest(p["rule"], p["version"], from, to, (id) => id < cut);
    const groups = new Map<string, WindowRow>();
    for (const row of base.values()) {
      const start = Math.floor(row.start / size) * size;
      const key = (p["indices"] as number[]).map((i) => row.key[i - 1]);
      const group = { rule: String(p["rule"]), version: Number(p["version"]), start, size, key };
      const id = windowKey(group);
      const known = groups.get(id);
      groups.set(id, {
        ...group,
        revision: (before.get(id)?.revision ?? 0) + 1,
        cut: Math.max(known?.cut ?? 0, row.cut),
        watermarkUs: Number(p["watermark"]),
        states: this.#add(known?.states ?? NOTHING, row.states),
      });
    }
    const made = new Map<string, WindowRow>();
    for (const [id, row] of groups)
      if (row.cut > (before.get(id)?.cut ?? 0) && isDue(row, row.cut, p)) made.set(id, { ...row, cut });
    this.#keep(made, before);
  }

  #insertTooLate({ cut }: Parameters): void {
    const events = new Map<string, TooLateRow>();
    for (const { added } of this.cuts.filter(({ id }) => id === Number(cut)))
      for (const batch of added) {
        if (!this.ledger.has(keyOf(batch))) continue;
        for (const { rule, start, size, states } of this.partials.get(keyOf(batch)) ?? []) {
          if (endUs({ start, size }) > batch.tooLateBeforeUs) continue;
          const key = `${rule} ${start} ${batch.topic} ${batch.partition} ${cut}`;
          events.set(key, { rule, start, events: (events.get(key)?.events ?? 0) + states.events });
        }
      }
    for (const [key, row] of events) this.tooLate.set(key, row);
  }

  #ofCut(p: Parameters): WindowRow[] {
    const once = new Map<string, WindowRow>();
    for (const row of this.windows)
      if (row.cut === Number(p["cut"])) {
        const key = `${windowKey(row)} ${row.version} ${row.revision}`;
        if (!once.has(key)) once.set(key, row);
      }
    return [...once.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  #publishable(p: Parameters): DueWindows[] {
    const found = dueOf(this.#ofCut(p).map((row) => ({ ...row, version: 0 })));
    return found;
  }

  #published(p: Parameters): unknown[] {
    const isWithin = ({ rule, start }: WindowRow) =>
      (rule > String(p["rule"]) || (rule === p["rule"] && start >= Number(p["from"]))) &&
      (rule < String(p["lastRule"]) || (rule === p["lastRule"] && start <= Number(p["to"])));
    const skip = Number(p["skip"]);
    const rows = this.#ofCut(p)
      .filter(isWithin)
      .slice(skip, skip + Number(p["limit"]));
    const each = <T>(of: (row: WindowRow) => T): T[] => rows.map(of);
    return [
      {
        rule: each(({ rule }) => rule),
        rule_version: each(({ version }) => version),
        window_start: each(({ start }) => start * 1000),
        window_seconds: each(({ size }) => size),
        key: each(({ key }) => key),
        revision: each(({ revision }) => revision),
        cut_id: each(({ cut }) => cut),
        watermark: each(({ watermarkUs }) => watermarkUs),
        events: each(({ states }) => states.events),
        errors: each(({ states }) => states.errors),
        duration_count: each(() => 0),
        value_count: each(({ states }) => states.valueCount),
        body_size_sum: each(() => "0"),
        duration_us_sum: each(() => "0"),
        duration_us_min: each(() => "0"),
        duration_us_max: each(() => "0"),
        value_sum: each(({ states }) => String(states.valueSum)),
        value_min: each(({ states }) => String(states.valueMin)),
        value_max: each(({ states }) => String(states.valueMax)),
        distinct_count: each(() => 0),
        duration_us_quantiles: each(() => [0, 0, 0]),
        value_quantiles: each(() => [0, 0, 0]),
      },
    ];
  }
}
