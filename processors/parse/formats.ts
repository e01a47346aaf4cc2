import { WeirError } from "../model/errors.ts";
import { COMBINED, COMMON, VHOST_COMBINED } from "./access.ts";
import { APACHE_ERROR } from "./apache-error.ts";
import { CEF } from "./cef.ts";
import { CRI, DOCKER, withInner } from "./container.ts";
import { AVRO, JSON_LINES } from "./json.ts";
import { LEEF } from "./leef.ts";
import type { Format } from "./line-parser.ts";
import { ALB, ELB } from "./load-balancer.ts";
import { LOGFMT } from "./logfmt.ts";
import { NGINX_ERROR } from "./nginx-error.ts";
import { SYSLOG } from "./syslog.ts";
import { TEXT } from "./text.ts";
import { W3C } from "./w3c.ts";

/** Every format of lines, the stricter of two that read the same line first. To add one: write its file, list it here, add its examples to test/golden. */
export const FORMATS: readonly Format[] = [
  DOCKER,
  CRI,
  VHOST_COMBINED,
  COMMON,
  COMBINED,
  NGINX_ERROR,
  APACHE_ERROR,
  ALB,
  ELB,
  CEF,
  LEEF,
  W3C,
  SYSLOG,
  JSON_LINES,
  LOGFMT,
  TEXT,
];

export const FORMAT_NAMES: readonly string[] = FORMATS.map((format) => format.name);

/** A format by its name, in a container's log by both: `cri:combined`. `own` are those of the user. */
export function formatByName(name: string, own: readonly Format[] = []): Format {
  const colon = name.indexOf(":");
  if (colon > 0) return withInner(formatByName(name.slice(0, colon)), formatByName(name.slice(colon + 1), own));
  if (name === AVRO.name) return AVRO;
  const format =
    FORMATS.find((candidate) => candidate.name === name) ?? own.find((candidate) => candidate.name === name);
  if (format === undefined)
    throw new WeirError(
      "CONFIG_INVALID",
      `There is no format ${name}; a file that was read by it needs it as long as it is read: add it to formats in weir.yaml again.`,
    );
  return format;
}
