import { Dictionary, flatCopy } from "../model/dictionary.ts";
import { type EventBatch, TIME_EVENT } from "../model/event-batch.ts";
import { RecentAnswers } from "../model/recent-answers.ts";
import type { RecordBatch } from "../model/record.ts";
import { createCharacterFinder, createFinder, SLOT_MARK, slot } from "./layout.ts";
import type { Format, LineParser } from "./line-parser.ts";
import { createClfTime } from "./timestamp.ts";

/*
 * Access logs of Apache and nginx:
 *
 *   common:          client ident user [time] "request" status size
 *   combined:        common "referrer" "agent"
 *   vhost_combined:  server:port combined
 *
 * One scanner reads all three, because real files hold cut-off and extended lines: what is after the agent becomes the
 * attribute `extra` (a single number there is the request's duration: seconds if it has a decimal point, as nginx
 * writes $request_time, microseconds if not, as Apache's %D).
 */

/** What a request line says; remembered per distinct request. */
interface Request {
  method: number;
  path: number;
  query: number;
  protocol: number;
  /** Its part of the layout: index into REQUEST_LAYOUTS. RAW_REQUEST: not `METHOD target [protocol]`, kept whole. */
  layout: number;
  /** Of path and query. */
  pathText: string;
  queryText: string;
}

/** What stands after the size up to the line's last quote: referrer and agent; remembered per distinct text. */
interface Tail {
  referrer: number;
  agent: number;
  /** QUOTED_… bits of both. */
  flags: number;
  /** Characters that the two take. */
  length: number;
}

/** Parts of a line that vary by presence, as bits; with the request's layout and the zone they make the line's layout. */
const IDENT = 1;
const USER = 2;
const NO_STATUS = 4;
const NO_SIZE = 8;
const DASH_SIZE = 16;
const EXTRA = 32;
/** Of the referrer, and shifted by 3 of the agent: written as "-", as a value, and without its closing quote. */
const QUOTED_DASH = 64;
const QUOTED_VALUE = 128;
const QUOTED_CUT = 256;
const FLAGS_END = 4096;
const ANY_CUT = QUOTED_CUT | (QUOTED_CUT << 3);
const NO_TAIL: Tail = { referrer: 0, agent: 0, flags: 0, length: 0 };

/** Columns of which ids are remembered with requests, tails and layouts. */
const REMEMBERED = [
  "http_request_method",
  "url_path",
  "url_query",
  "network_protocol_version",
  "http_request_referrer",
  "user_agent_original",
  "line_layout",
] as const;

const RAW_REQUEST = 0;
const WITH_QUERY = 1;
const WITH_PROTOCOL = 2;
const REQUEST_LAYOUTS = [
  slot("a.request"),
  "",
  "",
  "",
  `${slot("http_request_method")} ${slot("url_path")}`,
  `${slot("http_request_method")} ${slot("url_path")}?${slot("url_query")}`,
  `${slot("http_request_method")} ${slot("url_path")} HTTP/${slot("network_protocol_version")}`,
  `${slot("http_request_method")} ${slot("url_path")}?${slot("url_query")} HTTP/${slot("network_protocol_version")}`,
];

const QUOTE = 34;
const SPACE = 32;
const DASH = 45;
const BACKSLASH = 92;

/** Severity by status class: 4xx WARN, 5xx ERROR, otherwise INFO; none without a status. */
export function severityOfStatus(status: number): number {
  if (status === 0) return 0;
  return status >= 500 ? 17 : status >= 400 ? 13 : 9;
}

/** Position of the quote that closes a quoted text, or -1; a quote after an odd number of backslashes does not. */
function closingQuote(text: string, from: number, end: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && at < end) {
    let before = at - 1;
    while (before >= from && text.charCodeAt(before) === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at;
    at = text.indexOf('"', at + 1);
  }
  return -1;
}

/** A decimal number without leading zeros in text[begin, end), or -1. */
function canonicalInteger(text: string, begin: number, end: number): number {
  const length = end - begin;
  if (length < 1 || length > 15) return -1;
  if (length > 1 && text.charCodeAt(begin) === 48) return -1;
  let value = 0;
  for (let at = begin; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** `plain`: only lines that end with the size. */
function createAccessParser({ withVirtualHost = false, plain = false }): LineParser {
  const clfTime = createClfTime();
  const hasMark = createCharacterFinder(SLOT_MARK);
  const findSpace = createFinder(" ");
  const findBracket = createFinder(" [");
  const findQuote = createFinder('"');
  const requests = new RecentAnswers(parseRequest);
  const tails = new RecentAnswers(parseTail);
  let generations = "";
  const zones = new Dictionary();
  let zoneText = "?";
  let zone = 0;
  /** Ids of layouts in the batch's dictionary. */
  const layouts = new Map<number, number>();

  function parseRequest(request: string, batch: EventBatch): Request {
    const { http_request_method, url_path, url_query, network_protocol_version } = batch.strings;
    const none: Request = {
      method: 0,
      path: 0,
      query: 0,
      protocol: 0,
      layout: RAW_REQUEST,
      pathText: "",
      queryText: "",
    };
    const methodEnd = request.indexOf(" ");
    if (methodEnd < 1 || !/^[A-Za-z_-]{1,32}$/.test(request.slice(0, methodEnd))) return none;
    const last = request.lastIndexOf(" ");
    const withProtocol = last > methodEnd && request.startsWith("HTTP/", last + 1);
    const targetEnd = withProtocol ? last : request.length;
    const target = request.slice(methodEnd + 1, targetEnd);
    if (target === "") return none;
    const mark = target.indexOf("?");
    const pathText = mark < 0 ? target : target.slice(0, mark);
    const queryText = mark < 0 ? "" : target.slice(mark + 1);
    return {
      method: http_request_method.dictionary.intern(request.slice(0, methodEnd)),
      path: url_path.dictionary.intern(pathText),
      query: url_query.dictionary.intern(queryText),
      protocol: withProtocol ? network_protocol_version.dictionary.intern(request.slice(last + 6)) : 0,
      layout: 4 + (mark < 0 ? 0 : WITH_QUERY) + (withProtocol ? WITH_PROTOCOL : 0),
      pathText,
      queryText,
    };
  }

  /** The referrer and the agent, each possibly cut off. */
  function parseTail(tail: string, batch: EventBatch): Tail {
    const parsedTail: Tail = { referrer: 0, agent: 0, flags: 0, length: 0 };
    for (let quoted = 0; quoted < 2; quoted++) {
      const at = parsedTail.length;
      if (at + 2 > tail.length || tail.charCodeAt(at) !== SPACE || tail.charCodeAt(at + 1) !== QUOTE) break;
      const close = closingQuote(tail, at + 2, tail.length);
      const value = tail.slice(at + 2, close < 0 ? tail.length : close);
      let written = QUOTED_DASH;
      if (value !== "-") {
        written = QUOTED_VALUE;
        if (quoted === 0) parsedTail.referrer = batch.strings.http_request_referrer.dictionary.intern(value);
        else parsedTail.agent = batch.strings.user_agent_original.dictionary.intern(value);
      }
      if (close < 0) written |= QUOTED_CUT;
      parsedTail.flags |= written << (quoted * 3);
      parsedTail.length = close < 0 ? tail.length : close + 1;
    }
    return parsedTail;
  }

  /** Remembered requests hold ids of the batch's dictionaries; they are void when one of those starts anew. */
  function forgetIfVoid(batch: EventBatch): void {
    const now = REMEMBERED.map((name) => batch.strings[name].dictionary.generation).join();
    if (now !== generations) {
      generations = now;
      requests.clear();
      tails.clear();
      layouts.clear();
    }
  }

  let records: RecordBatch | null = null;

  return function accessLine(text, begin, end, batch, row) {
    // Several batches may share one text.
    if (batch.records !== records) {
      forgetIfVoid(batch);
      records = batch.records;
    }
    let at = begin;
    let virtualHostEnd = begin;
    if (withVirtualHost) {
      virtualHostEnd = findSpace(text, at);
      if (virtualHostEnd <= at || virtualHostEnd >= end) return false;
      const colon = at + text.slice(at, virtualHostEnd).lastIndexOf(":");
      if (colon <= at || canonicalInteger(text, colon + 1, virtualHostEnd) < 0) return false;
      at = virtualHostEnd + 1;
    }
    const clientEnd = findSpace(text, at);
    if (clientEnd <= at || clientEnd >= end) return false;
    const bracket = findBracket(text, clientEnd);
    if (bracket + 28 >= end) return false;
    const identEnd = text.indexOf(" ", clientEnd + 1);
    if (identEnd >= bracket || identEnd === clientEnd + 1 || bracket === identEnd + 1) return false;
    const timeAt = bracket + 2;
    const us = clfTime(text, timeAt);
    if (Number.isNaN(us) || !text.startsWith('] "', timeAt + 26)) return false;

    const requestAt = timeAt + 29;
    if (findQuote(text, requestAt) >= end) return false;
    const requestEnd = closingQuote(text, requestAt, end);
    if (requestEnd < 0 || text.charCodeAt(requestEnd + 1) !== SPACE || requestEnd + 2 >= end) return false;
    const statusAt = requestEnd + 2;
    let statusEnd = text.indexOf(" ", statusAt);
    if (statusEnd < 0 || statusEnd > end) statusEnd = end;
    const noStatus = statusEnd === statusAt + 1 && text.charCodeAt(statusAt) === DASH;
    const status = noStatus ? 0 : canonicalInteger(text, statusAt, statusEnd);
    if (status < 0 || status > 999 || (!noStatus && status < 100)) return false;
    let sizeEnd = end;
    let noSize = true;
    let size = 0;
    let restAt = end;
    if (statusEnd < end) {
      sizeEnd = text.indexOf(" ", statusEnd + 1);
      if (sizeEnd < 0 || sizeEnd > end) sizeEnd = end;
      noSize = sizeEnd === statusEnd + 2 && text.charCodeAt(statusEnd + 1) === DASH;
      size = noSize ? 0 : canonicalInteger(text, statusEnd + 1, sizeEnd);
      if (size < 0) return false;
      restAt = sizeEnd;
    }
    if (plain && restAt < end) return false;

    const strings = batch.strings;
    strings.client_address.setSpan(row, text, at, clientEnd);
    let flags = 0;
    if (withVirtualHost) {
      const colon = begin + text.slice(begin, virtualHostEnd).lastIndexOf(":");
      addAttribute(batch, "server.address", begin, colon);
      addAttribute(batch, "server.port", colon + 1, virtualHostEnd);
    }
    if (identEnd !== clientEnd + 2 || text.charCodeAt(clientEnd + 1) !== DASH) {
      addAttribute(batch, "ident", clientEnd + 1, identEnd);
      flags |= IDENT;
    }
    if (bracket !== identEnd + 2 || text.charCodeAt(identEnd + 1) !== DASH) {
      strings.user_id.setSpan(row, text, identEnd + 1, bracket);
      flags |= USER;
    }
    batch.timestampUs[row] = us;
    batch.time_source[row] = TIME_EVENT;

    const request = requests.of(batch, requestAt, requestEnd);
    strings.http_request_method.ids[row] = request.method;
    if (strings.url_path.isDirect) strings.url_path.set(row, request.pathText);
    else strings.url_path.ids[row] = request.path;
    if (strings.url_query.isDirect) strings.url_query.set(row, request.queryText);
    else strings.url_query.ids[row] = request.query;
    strings.network_protocol_version.ids[row] = request.protocol;
    if (request.layout === RAW_REQUEST) addAttribute(batch, "request", requestAt, requestEnd);
    batch.http_response_status_code[row] = status;
    batch.severity_number[row] = severityOfStatus(status);
    batch.http_response_body_size[row] = size;
    if (noStatus) flags |= NO_STATUS;
    if (statusEnd >= end) flags |= NO_SIZE;
    else if (noSize) flags |= DASH_SIZE;

    if (restAt < end) {
      // All up to the last quote is looked up at once; if that cuts an unclosed quote off, all up to the end.
      const lastQuote = text.lastIndexOf('"', end - 1) + 1;
      let tail = lastQuote > restAt ? tails.of(batch, restAt, lastQuote) : NO_TAIL;
      if (tail.flags & ANY_CUT) tail = tails.of(batch, restAt, end);
      strings.http_request_referrer.ids[row] = tail.referrer;
      strings.user_agent_original.ids[row] = tail.agent;
      flags |= tail.flags;
      if (restAt + tail.length < end) {
        addAttribute(batch, "extra", restAt + tail.length, end);
        flags |= EXTRA;
        batch.duration_us[row] = durationUs(text.slice(restAt + tail.length, end));
      }
    }

    if (hasMark(text, begin, end)) {
      batch.line_kept.setSpan(row, begin, end);
      return true;
    }
    if (!text.startsWith(zoneText, timeAt + 21)) {
      zoneText = flatCopy(text.slice(timeAt + 21, timeAt + 26));
      zone = zones.intern(zoneText);
    }
    const layoutKey = (zone * 8 + request.layout) * FLAGS_END + flags;
    let layout = layouts.get(layoutKey);
    if (layout === undefined) {
      layout = strings.line_layout.dictionary.intern(
        layoutOf(withVirtualHost, REQUEST_LAYOUTS[request.layout], flags, zoneText),
      );
      layouts.set(layoutKey, layout);
    }
    strings.line_layout.ids[row] = layout;
    return true;
  };
}

function addAttribute(batch: EventBatch, key: string, begin: number, end: number): void {
  batch.attributes.addSpan(batch.attributes.keys.intern(key), begin, end);
}

/** A single number after the agent: seconds with a decimal point, microseconds without; anything else is 0. */
function durationUs(extra: string): number {
  const match = /^ "?([0-9]{1,9})(?:\.([0-9]{1,6}))?"?$/.exec(extra);
  if (match === null) return 0;
  return match[2] === undefined ? Number(match[1]) : Number(match[1]) * 1e6 + Number(match[2].padEnd(6, "0"));
}

function layoutOf(withVirtualHost: boolean, request: string, flags: number, zone: string): string {
  let layout = withVirtualHost ? `${slot("a.server.address")}:${slot("a.server.port")} ` : "";
  layout += slot("client_address");
  layout += flags & IDENT ? ` ${slot("a.ident")} ` : " - ";
  layout += flags & USER ? slot("user_id") : "-";
  layout += ` [${slot("t.clf" + zone)}] "${request}" `;
  layout += flags & NO_STATUS ? "-" : slot("http_response_status_code");
  if (!(flags & NO_SIZE)) layout += flags & DASH_SIZE ? " -" : ` ${slot("http_response_body_size")}`;
  for (const [index, name] of ["http_request_referrer", "user_agent_original"].entries()) {
    const written = flags >> (index * 3);
    if (written & (QUOTED_DASH | QUOTED_VALUE))
      layout += ` "${written & QUOTED_VALUE ? slot(name) : "-"}${written & QUOTED_CUT ? "" : '"'}`;
  }
  return flags & EXTRA ? layout + slot("a.extra") : layout;
}

export const COMMON: Format = {
  name: "common",
  joins: false,
  code: "PARSE_NOT_COMMON",
  create: () => createAccessParser({ plain: true }),
};
export const COMBINED: Format = {
  name: "combined",
  joins: false,
  code: "PARSE_NOT_COMBINED",
  create: () => createAccessParser({}),
};
export const VHOST_COMBINED: Format = {
  name: "vhost_combined",
  joins: false,
  code: "PARSE_NOT_VHOST_COMBINED",
  create: () => createAccessParser({ withVirtualHost: true }),
};
