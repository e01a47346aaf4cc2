import type { StringColumnName } from "../model/event-batch.ts";
import type { SeverityScale } from "./severity-scale.ts";

/*
 * Which column a named field of a structured line (JSON, logfmt) goes to: OpenTelemetry, ECS and pino names, and the
 * spellings that people use. A name is compared in lower case, with `_` and `-` dropped and nested names joined by
 * dots; `attributes.` and `resource.` in front of a name with a dot don't count. What has no column becomes an attribute
 * under its own name.
 *
 * Where a line has several names of one field, the one that stands first in this table and can be read fills the column,
 * wherever it stands in the line; the others are attributes.
 */

export type Field =
  /** `severityNumber`: what a line with this time means that names no level. */
  | { readonly kind: "time"; readonly severityNumber?: number }
  /** `only`: of such values alone. */
  | { readonly kind: "severity"; readonly only?: ReadonlySet<string> }
  | { readonly kind: "severity_number" | "status" | "size" | "trace_id" | "span_id" | "url" }
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

/** Fields with their names, the one that says most exactly what the column holds first. */
export const FIELDS: readonly (readonly [Field, string])[] = [
  [
    { kind: "time" },
    "@timestamp timestamp time ts eventtime log.timestamp timeunixnano timemillis instant.epochsecond datetime date t t.$date timecreated realtimetimestamp observedtimestamp lasttimestamp deprecatedlasttimestamp",
  ],
  [{ kind: "nanos" }, "instant.nanoofsecond"],
  // Serilog leaves the level out of what is Information.
  [{ kind: "time", severityNumber: 9 }, "@t"],
  [{ kind: "severity_number" }, "severitynumber"],
  [
    { kind: "severity" },
    "log.level severitytext level severity loglevel lvl levelname errorseverity leveldisplayname @l",
  ],
  // MongoDB's, and that of events of Kubernetes.
  [{ kind: "severity", only: new Set(["F", "E", "W", "I", "D", "D1", "D2", "D3", "D4", "D5"]) }, "s"],
  [{ kind: "severity", only: new Set(["Normal", "Warning"]) }, "type"],
  [{ kind: "scale", scale: "syslog" }, "log.syslog.severity.code priority"],
  string(
    "body",
    "formattedmessage message shortmessage msg @m body @mt textpayload jsonpayload.message text event.original log",
  ),
  string(
    "service_name",
    "service.name servicename service application appname app kubernetes.labels.app kubernetes.containername syslogidentifier name",
  ),
  string("host_name", "host.name host.hostname hostname host kubernetes.host"),
  string("tenant", "tenant.id tenantid tenant"),
  string(
    "http_request_method",
    "http.request.method http.method httpmethod req.method request.method httprequest.requestmethod requestmethod method httprequestmethod",
  ),
  string("http_route", "http.route req.route route httproute"),
  [
    { kind: "url" },
    "url.original url.full http.url http.target req.url request.url request.uri httprequest.requesturl requesturi url uri path",
  ],
  string("url_path", "url.path http.path urlpath"),
  string("url_query", "url.query urlquery"),
  string("network_protocol_version", "network.protocol.version http.version http.flavor networkprotocolversion"),
  string(
    "http_request_referrer",
    "http.request.referrer http.request.header.referer req.headers.referer httprequest.referer referrer referer httprequestreferrer",
  ),
  string(
    "client_address",
    "client.address client.ip source.ip source.address clientip clientaddress req.remoteaddress request.remoteip httprequest.remoteip remoteaddr remoteaddress remoteip ip",
  ),
  string("user_id", "user.id enduser.id userid user uid"),
  string(
    "user_agent_original",
    "useragent.original http.useragent req.headers.useragent httprequest.useragent useragent useragentoriginal",
  ),
  string("user_agent_name", "useragent.name useragentname"),
  string("user_agent_os_name", "useragent.os.name useragentosname"),
  string(
    "geo_country_iso_code",
    "geo.country.isocode client.geo.countryisocode source.geo.countryisocode geocountryisocode",
  ),
  [
    { kind: "status" },
    "http.response.statuscode http.statuscode res.statuscode response.status httprequest.status httpstatus statuscode status httpresponsestatuscode",
  ],
  [
    { kind: "size" },
    "http.response.body.size http.response.body.bytes bodybytessent responsesize httprequest.responsesize res.contentlength bytessent httpresponsebodysize",
  ],
  [{ kind: "trace_id" }, "trace.id traceid @tr"],
  [{ kind: "span_id" }, "span.id spanid @sp"],
  [{ kind: "duration", unit: "ms" }, "durationms responsetime responsetimems latencyms elapsedms tookms duration.ms"],
  [{ kind: "duration", unit: "us" }, "durationus latencyus elapsedus responsetimeus"],
  [{ kind: "duration", unit: "ns" }, "event.duration durationns durationnano"],
  [{ kind: "duration", unit: "s" }, "durations durationseconds requesttime elapsedseconds latencyseconds"],
];

/** Field and rank of each name. */
const BY_NAME = new Map<string, { readonly field: Field; readonly rank: number }>(
  FIELDS.flatMap(([field, names]) => names.split(" ").map((name) => [name, field] as const)).map(
    ([name, field], rank) => [name, { field, rank }],
  ),
);

function entryOf(name: string): { readonly field: Field; readonly rank: number } | undefined {
  const known = BY_NAME.get(name);
  if (known !== undefined) return known;
  const plain = name.toLowerCase().replace(/[_-]/g, "");
  return BY_NAME.get(plain) ?? BY_NAME.get(/^(?:resource\.)?(?:attributes\.)?([^.]+\..+)$/.exec(plain)?.[1] ?? "");
}

/** The names under which structured lines write a text column, in the form in which names are compared. */
export function namesOfColumn(column: string): readonly string[] {
  return FIELDS.flatMap(([field, names]) =>
    field.kind === "string" && field.column === column ? names.split(" ") : [],
  );
}

/** The field that a name stands for, or undefined: an attribute. */
export function fieldOf(name: string): Field | undefined {
  return entryOf(name)?.field;
}

/** Which of several names of one field goes first: the lowest. */
export function rankOf(name: string): number {
  return entryOf(name)?.rank ?? 0;
}
