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
  version: z.int().min(1).max(65_535).default(1).describe("Raise it when the meaning of the rule changes."),
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
];
