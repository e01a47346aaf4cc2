import type { ClickHouse } from "../model/ports.ts";
import type { GroupBy, RollUp } from "../model/rule.ts";
import type { Config } from "../runtime/config.ts";

/** Makes the store remember what the configured versions of rules mean. */
export async function noteRules(store: ClickHouse, { rules, rollUps }: Config): Promise<void> {
  const known = await store.query<{ name: string; version: number }>("SELECT name, version FROM rules FINAL");
  const ids = new Set(known.map(({ name, version }) => `${name} ${version}`));
  for (const rule of [...rules, ...rollUps]) {
    if (ids.has(`${rule.name} ${rule.version}`)) continue;
    const { name, version, windowSeconds, groupBy } = rule;
    await store.command(
      `INSERT INTO rules (name, version, window_seconds, group_by, \`from\`, from_version, definition)
      SELECT {name:String}, {version:UInt32}, {windowSeconds:UInt32}, {groupBy:Array(String)}, {from:String}, {fromVersion:UInt32}, {definition:String}`,
      {
        name,
        version,
        windowSeconds,
        groupBy: [...groupBy],
        from: "from" in rule ? rule.from : "",
        fromVersion: "from" in rule ? rule.fromVersion : 0,
        definition: JSON.stringify(rule),
      },
    );
  }
}

/** Every version of every roll-up that there ever was, each after what it is made of. */
export async function readRollUps(store: ClickHouse): Promise<RollUp[]> {
  const rows = await store.query<{
    name: string;
    version: number;
    windowSeconds: number;
    edition: number;
    groupBy: GroupBy[];
    from: string;
    fromVersion: number;
    baseGroupBy: GroupBy[];
  }>(
    `SELECT r.name AS name, r.version AS version, toUInt32(1) AS edition, r.window_seconds AS windowSeconds, r.group_by AS groupBy, r.\`from\` AS "from", r.from_version AS fromVersion,
      b.group_by AS baseGroupBy
    FROM rules AS r FINAL LEFT JOIN (SELECT name, version, group_by FROM rules FINAL) AS b ON b.name = r.\`from\` AND b.version = r.from_version
    WHERE r.\`from\` != '' ORDER BY name, version`,
  );
  const waiting = rows.map(({ baseGroupBy, ...row }) => ({
    ...row,
    indices: row.groupBy.map((column) => baseGroupBy.indexOf(column)),
  }));
  const id = ({ name, version }: Pick<RollUp, "name" | "version">) => `${name} ${version}`;
  const left = new Set(waiting.map(id));
  const ordered: RollUp[] = [];
  while (ordered.length < waiting.length) {
    const next = waiting.filter(
      (rule) => left.has(id(rule)) && !left.has(id({ name: rule.from, version: rule.fromVersion })),
    );
    if (next.length === 0) throw new Error("Roll-ups are made from each other.");
    for (const rule of next) left.delete(id(rule));
    ordered.push(...next);
  }
  return ordered;
}
