import { z } from "zod";
import { STRING_COLUMNS } from "../model/event-batch.ts";
import { name, notOneOf, windowSeconds } from "./config-values.ts";

const GROUP_BY = [...STRING_COLUMNS, "status_class", "template"] as const;

function groupBy() {
  const pattern = new RegExp(`^(${GROUP_BY.join("|")}|attributes\\..{1,200})$`);
  const error = (issue: { readonly input?: unknown }) =>
    issue.input === undefined ? undefined : notOneOf(issue.input, [...GROUP_BY, "attributes.NAME"]);
  return z.string({ error }).regex(pattern, { error });
}

/** An entry of `rules`. */
export const rule = z.strictObject({
  name: name(64).describe("Name of the rule, unique."),
  window: windowSeconds().describe("Window size, 1s to 1d, such as 10s or 1m; windows are aligned to the epoch."),
  group_by: z
    .array(groupBy())
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
