import type { EventBatch } from "../model/event-batch.ts";
import { severityOfStatus } from "./access.ts";
import { fieldTable, string } from "./fields.ts";
import type { Format } from "./line-parser.ts";
import { addRequest } from "./request-line.ts";
import type { ScannedLine } from "./shape.ts";
import { addValue, createScannedParser, type LineScan } from "./shaped-line.ts";
import { endsAt, SAME_VALUE, TIME_OF_LENGTH, type ValueEnd } from "./value-end.ts";

/*
 * Access logs of Amazon's load balancers, the application one (alb) and the classic one (elb). Values stand between spaces,
 * those with spaces in quotes; "-" is none. What has no column is an attribute under Amazon's name. The duration is the
 * target's.
 */

const FIELDS = fieldTable([
  [{ kind: "time" }, "time"],
  string("client_address", "client"),
  [{ kind: "duration", unit: "s" }, "target_processing_time backend_processing_time"],
  [{ kind: "status" }, "elb_status_code"],
  [{ kind: "size" }, "sent_bytes"],
  string("http_request_method", "method"),
  [{ kind: "url" }, "url"],
  string("network_protocol_version", "protocol"),
  string("user_agent_original", "user_agent"),
]);

const TIMES =
  "request_processing_time target_processing_time response_processing_time elb_status_code target_status_code";
const APPLICATION =
  `type time elb client:port target ${TIMES} received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time actions_executed redirect_url error_reason target_list target_status_code_list classification classification_reason conn_trace_id`.split(
    " ",
  );
const CLASSIC =
  `time elb client:port backend ${TIMES.replaceAll("target", "backend")} received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol`.split(
    " ",
  );
const TYPES = new Set(["http", "https", "h2", "grpcs", "ws", "wss"]);
const QUOTE = 34;
const SPACE = 32;

const QUOTED_END = endsAt('"', { mayBeDash: false });
const BARE = { lengthMin: 1, notFirst: '"', mayBeDash: false } as const;
const BARE_END = endsAt(" ", BARE);
const CLIENT_END = endsAt(': "', { lengthMin: 1 });
const PORT_END = endsAt(': "');

/** Position of the quote that closes a value: one before a space or the line's end. */
function closingQuote(own: string, from: number): number {
  let at = own.indexOf('"', from);
  while (at >= 0 && at + 1 < own.length && own.charCodeAt(at + 1) !== SPACE) at = own.indexOf('"', at + 1);
  return at;
}

function addClient(own: string, start: number, end: number, line: ScannedLine): boolean {
  const colon = own.lastIndexOf(":", end - 1);
  if (colon <= start) return false;
  addValue(line, "client", start, colon, CLIENT_END);
  addValue(line, "client.port", colon + 1, end, PORT_END);
  return true;
}

function endOf(name: string, isQuoted: boolean): ValueEnd | undefined {
  if (name === "type") return isQuoted ? undefined : SAME_VALUE;
  if (name === "time") return isQuoted ? undefined : TIME_OF_LENGTH;
  return isQuoted ? QUOTED_END : BARE_END;
}

function createScan(names: readonly string[], valuesMin: number): LineScan {
  return function scanLine(own, line) {
    let at = 0;
    let count = 0;
    while (at < own.length) {
      // Amazon adds fields at the end.
      const name = names[count] ?? `field_${count + 1}`;
      const from = at;
      let start = at;
      let end: number;
      if (own.charCodeAt(at) === QUOTE) {
        start++;
        end = closingQuote(own, start);
        if (end < 0) return false;
        at = end + 2;
      } else {
        end = own.indexOf(" ", at);
        if (end < 0) end = own.length;
        at = end + 1;
      }
      count++;
      if (name === "time" && (own.charCodeAt(start + 10) !== 84 || own.charCodeAt(end - 1) !== 90)) return false;
      if (name === "type" && !TYPES.has(own.slice(start, end))) return false;
      if (end === start + 1 && own.charCodeAt(start) === 45) continue;
      if (name === "client:port") {
        if (!addClient(own, start, end, line)) return false;
      } else if (name === "request") addRequest(line, own, start, end);
      else addValue(line, name, start, end, endOf(name, start > from));
    }
    return count >= valuesMin;
  };
}

/** As in other access logs. */
export function severityFromStatus(batch: EventBatch, row: number): void {
  batch.severity_number[row] = severityOfStatus(batch.http_response_status_code[row]);
}

export const ALB: Format = {
  name: "alb",
  joins: false,
  code: "PARSE_NOT_ALB",
  create: () => createScannedParser(createScan(APPLICATION, 17), { fieldOf: FIELDS, finish: severityFromStatus }),
};
export const ELB: Format = {
  name: "elb",
  joins: false,
  code: "PARSE_NOT_ELB",
  create: () => createScannedParser(createScan(CLASSIC, 12), { fieldOf: FIELDS, finish: severityFromStatus }),
};
