import { z } from "zod";
import { STRING_COLUMNS } from "../model/event-batch.ts";
import { type Condition, NUMBER_COLUMNS, type Rule } from "../model/rule.ts";
import { name, notOneOf, windowSeconds } from "./config-values.ts";

const GROUP_BY = [...STRING_COLUMNS, "status_class", "template"] as const;

/** One of these columns, or an attribute. */
function columnOf(columns: readonly string[]) {
  const pattern = new RegExp(`^(${columns.join("|")}|attributes\\..{1,200})$`);
  const error = (issue: { readonly input?: unknown }) =>
    issue.input === undefined ? undefined : notOneOf(issue.input, [...columns, "attributes.NAME"]);
  return z.string({ error }).regex(pattern, { error });
}

const wanted = () =>
  z
    .array(z.union([z.string().max(1000), z.number()]))
    .min(1)
    .max(1000);

const condition = z.strictObject({
  column: columnOf([...GROUP_BY, ...NUMBER_COLUMNS]).describe("Column to look at; attributes.NAME for an attribute."),
  in: wanted().optional().describe("The value is one of these."),
  not_in: wanted().optional().describe("The value is none of these."),
  min: z.number().optional().describe("The value is a number and at least this."),
  max: z.number().optional().describe("The value is a number and at most this."),
});

/** An entry of `rules`. */
export const rule = z.strictObject({
  name: name(64).describe("Name of the rule, unique."),
  window: windowSeconds().describe("Window size, 1s to 1d, such as 10s or 1m; windows are aligned to the epoch."),
  group_by: z
    .array(columnOf(GROUP_BY))
    .max(8)
    .describe("Columns that make the key, in order; attributes.NAME for an attribute."),
  distinct: z
    .enum(STRING_COLUMNS)
    .optional()
    .describe("Column whose distinct values are estimated per window and key."),
  where: z
    .enum(["all", "http", "body"])
    .default("all")
    .describe("Which events count: all, those with a response status (http), those with a message (body)."),
  filter: z.array(condition).min(1).max(20).optional().describe("Only events that every one of these holds of."),
  errors: z
    .array(condition)
    .min(1)
    .max(20)
    .optional()
    .describe("An event is an error when one of these holds; absent: severity 17 or more, or status 500 or more."),
  value: columnOf(NUMBER_COLUMNS)
    .optional()
    .describe("What is measured: a number column where it is not 0, or an attribute where it is a number."),
  value_decimals: z
    .int()
    .min(0)
    .max(6)
    .optional()
    .describe("The value is held in whole multiples of 10^-n, so that sums are exact; absent: 0."),
  keys_max: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe("Most keys per window and batch; what is beyond is counted under the key <other>."),
  from: name(64)
    .optional()
    .describe("Rule whose finished windows this one adds up, instead of counting events; its key holds this one's."),
  version: z
    .int()
    .min(1)
    .max(65_535)
    .default(1)
    .describe("Raise it to begin anew; a rule that is changed begins anew by itself."),
});

/** Counted when the file doesn't say. */
export const DEFAULT_RULES = [
  {
    name: "route_10s",
    window: "10s",
    group_by: ["tenant", "service_name", "http_route", "status_class"],
    where: "all" as const,
  },
  { name: "template_10s", window: "10s", group_by: ["tenant", "service_name", "template"], where: "body" as const },
  { name: "country_1m", window: "1m", group_by: ["tenant", "geo_country_iso_code"], where: "http" as const },
  {
    name: "route_1m",
    window: "1m",
    group_by: ["tenant", "service_name", "http_route", "status_class"],
    from: "route_10s",
  },
  { name: "service_1m", window: "1m", group_by: ["tenant", "service_name"], from: "route_1m" },
  { name: "service_1h", window: "1h", group_by: ["tenant", "service_name"], from: "service_1m" },
  { name: "service_1d", window: "1d", group_by: ["tenant", "service_name"], from: "service_1h" },
  { name: "tenant_1h", window: "1h", group_by: ["tenant"], from: "service_1h" },
  { name: "tenant_1d", window: "1d", group_by: ["tenant"], from: "tenant_1h" },
  { name: "template_1h", window: "1h", group_by: ["tenant", "service_name", "template"], from: "template_10s" },
  { name: "country_1h", window: "1h", group_by: ["tenant", "geo_country_iso_code"], from: "country_1m" },
].map((rule) => ({ where: "all" as const, ...rule }));

type WrittenRule = z.output<typeof rule>;

/** A rule of the file in the program's words; what is not given is not there. */
export function measuresOf(
  written: WrittenRule,
): Pick<Rule, "filter" | "errors" | "value" | "valueDecimals" | "keysMax"> {
  const { filter, errors, value, value_decimals, keys_max } = written;
  return {
    ...(filter === undefined ? {} : { filter: filter.map(conditionOf) }),
    ...(errors === undefined ? {} : { errors: errors.map(conditionOf) }),
    ...(value === undefined ? {} : { value: value as NonNullable<Rule["value"]> }),
    ...(value_decimals === undefined ? {} : { valueDecimals: value_decimals }),
    ...(keys_max === undefined ? {} : { keysMax: keys_max }),
  };
}

function conditionOf({ column, in: wanted, not_in, min, max }: z.output<typeof condition>): Condition {
  return {
    column: column as Condition["column"],
    ...(wanted === undefined ? {} : { in: wanted.map(String) }),
    ...(not_in === undefined ? {} : { notIn: not_in.map(String) }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

/** The same in the words of the file. */
export function writtenMeasures(rule: Rule): Record<string, unknown> {
  const condition = ({ notIn, ...rest }: Condition) => ({ ...rest, ...(notIn === undefined ? {} : { not_in: notIn }) });
  return {
    filter: rule.filter?.map(condition) ?? null,
    errors: rule.errors?.map(condition) ?? null,
    value: rule.value ?? null,
    value_decimals: rule.valueDecimals ?? null,
    keys_max: rule.keysMax ?? null,
  };
}
