import type { StringColumnName } from "../model/event-batch.ts";
import type { SeverityScale } from "./severity-scale.ts";

/*
 * Which column a named field of a structured line (JSON, logfmt) goes to: OpenTelemetry, ECS and pino names, and the
 * spellings that people use. A name is compared in lower case, with `_` and `-` dropped and nested names joined by
 * dots. What has no column becomes an attribute under its own name.
 */

export type Field =
  | { readonly kind: "time" | "severity" | "severity_number" | "status" | "size" | "trace_id" | "span_id" | "url" }
  /** `fractionUnit`: the unit of a value with a decimal point, where that is another one. */
  | { readonly kind: "duration"; readonly unit: DurationUnit; readonly fractionUnit?: DurationUnit }
  /** A severity by number; the number stays an attribute. */
  | { readonly kind: "scale"; readonly scale: SeverityScale }
  /** Nanoseconds of a second that a field before has given. */
  | { readonly kind: "nanos" }
  /** A user agent whose spaces are written as + or %20. */
  | { readonly kind: "agent" }
  | { readonly kind: "string"; readonly column: StringColumnName };

export type DurationUnit = "ns" | "us" | "ms" | "s";

export type FieldOf = (name: string) => Field | undefined;

export const string = (column: StringColumnName, names: string): [Field, string] => [{ kind: "string", column }, names];

/** Fields by their exact names, for formats that fix them; names of one field stand between spaces. */
export function fieldTable(fields: readonly (readonly [Field, string])[]): FieldOf {
  const byName = new Map(fields.flatMap(([field, names]) => names.split(" ").map((name) => [name, field] as const)));
  return (name) => byName.get(name);
}

const FIELDS: readonly [Field, string][] = [
  [
    { kind: "time" },
    "timestamp @timestamp time ts t datetime date eventtime observedtimestamp timeunixnano log.timestamp",
  ],
  [{ kind: "severity" }, "level severity severitytext loglevel log.level lvl levelname"],
  [{ kind: "severity_number" }, "severitynumber"],
  string("body", "message msg body log text event.original"),
  string(
    "service_name",
    "service service.name servicename app appname application resource.service.name resource.attributes.service.name name",
  ),
  string("host_name", "host hostname host.name resource.host.name resource.attributes.host.name"),
  string("tenant", "tenant tenant.id tenantid"),
  string("http_request_method", "http.request.method method req.method request.method http.method httpmethod"),
  string("http_route", "http.route route req.route"),
  string("url_path", "url.path http.path"),
  string("url_query", "url.query"),
  string("network_protocol_version", "network.protocol.version http.version http.flavor"),
  string(
    "http_request_referrer",
    "http.request.referrer referer referrer req.headers.referer http.request.header.referer",
  ),
  string(
    "client_address",
    "client.address client.ip clientip clientaddress source.ip source.address remoteaddr remoteaddress req.remoteaddress remoteip ip",
  ),
  string("user_id", "user.id userid user enduser.id uid"),
  string("user_agent_original", "useragent.original useragent http.useragent req.headers.useragent"),
  string("user_agent_name", "useragent.name"),
  string("user_agent_os_name", "useragent.os.name"),
  string("geo_country_iso_code", "geo.country.isocode client.geo.countryisocode source.geo.countryisocode"),
  [
    { kind: "status" },
    "http.response.statuscode statuscode status http.statuscode res.statuscode response.status httpstatus",
  ],
  [
    { kind: "size" },
    "http.response.body.size http.response.body.bytes bodybytessent responsesize res.contentlength bytessent",
  ],
  [{ kind: "trace_id" }, "traceid trace.id"],
  [{ kind: "span_id" }, "spanid span.id"],
  [{ kind: "url" }, "url req.url request.url url.original url.full http.url http.target requesturi uri path"],
  [{ kind: "duration", unit: "ms" }, "durationms responsetime responsetimems latencyms elapsedms tookms duration.ms"],
  [{ kind: "duration", unit: "us" }, "durationus latencyus elapsedus responsetimeus"],
  [{ kind: "duration", unit: "ns" }, "event.duration durationns durationnano"],
  [{ kind: "duration", unit: "s" }, "durations durationseconds requesttime elapsedseconds latencyseconds"],
];

const BY_NAME = new Map<string, Field>(
  FIELDS.flatMap(([field, names]) => names.split(" ").map((name): [string, Field] => [name, field])),
);

/** The field that a name stands for, or undefined: an attribute. */
export function fieldOf(name: string): Field | undefined {
  return BY_NAME.get(name) ?? BY_NAME.get(name.toLowerCase().replace(/[_-]/g, ""));
}
