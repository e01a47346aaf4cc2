import { openExistingStore } from "../clickhouse/store.ts";
import type { ClickHouse } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import { storeOptionsOf } from "./workplace.ts";

/** Stored messages that are one, by the mapping `template_families`. */
export interface Family {
  readonly tenant: string;
  readonly service: string;
  readonly family: string;
  readonly version: number;
  readonly templates: number;
  /** Of the hours that are remembered. */
  readonly events: number;
  /** ISO, start of a window. */
  readonly first_seen: string;
  readonly last_seen: string;
}

const FAMILIES_MAX = 1000;

const FAMILIES = `SELECT tenant, service_name AS service, if(family = '', template, family) AS family, any(version) AS version, toUInt32(count()) AS templates,
  toFloat64(sum(n)) AS events, formatDateTime(min(f.first_seen), '%FT%TZ') AS first_seen, formatDateTime(max(f.last_seen), '%FT%TZ') AS last_seen
FROM template_families AS f
LEFT JOIN (SELECT tenant, service_name, template, sum(events) AS n FROM template_hours FINAL GROUP BY tenant, service_name, template) AS h
  USING (tenant, service_name, template)
GROUP BY tenant, service, family
ORDER BY events DESC, tenant, service, family LIMIT ${FAMILIES_MAX}`;

/** The families that closed windows have, those with the most events first, 1,000 at most. Throws STORE_UNREACHABLE where there is no store. */
export async function listFamilies(config: Config): Promise<Family[]> {
  const store = await openExistingStore(storeOptionsOf(config));
  try {
    return await readFamilies(store);
  } finally {
    await store.close();
  }
}

export function readFamilies(store: ClickHouse): Promise<Family[]> {
  return store.query<Family>(FAMILIES);
}
