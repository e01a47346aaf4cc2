import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Delivery } from "../model/incident.ts";
import { type AddressPolicy, resolveAllowed } from "./address.ts";

export interface PostOptions {
  /** Secret with some receivers: never shown. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isAllowed: AddressPolicy;
  readonly signal?: AbortSignal | undefined;
}

export interface Response {
  readonly status: number;
  readonly retryAfter: string | null;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const RETRY_AFTER_MS_MAX = 3_600_000;

/**
 * Posts a body and tells what became of it. No redirect is followed; the address is resolved, looked at and then connected
 * to, so that a name can't mean something else the second time. What is told holds neither address nor answer.
 */
export async function post(options: PostOptions, nowMs: () => number): Promise<Delivery> {
  try {
    const response = await exchange(options);
    return response === null
      ? refused("its host has an address that is not allowed (allow_addresses)")
      : deliveryOf(response, nowMs());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const isPlain = typeof code === "string" && /^[A-Z0-9_]{1,40}$/.test(code);
    return { kind: "retry", reason: isPlain ? code : "no answer in time", afterMs: null };
  }
}

async function exchange({ url, headers, body, isAllowed, signal }: PostOptions): Promise<Response | null> {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const addresses = await resolveAllowed(hostname, isAllowed);
  if (addresses === null) return null;
  const request = protocol === "https:" ? requestHttps : requestHttp;
  const [first] = addresses;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        protocol,
        host: hostname.replace(/^\[|\]$/g, ""),
        ...(port === "" ? {} : { port: Number(port) }),
        path: `${pathname}${search}`,
        method: "POST",
        agent: false,
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]),
        headers: {
          "content-type": "application/json",
          "user-agent": "weir",
          ...headers,
          "content-length": Buffer.byteLength(body),
        },
        lookup: (_host, { all }, done) =>
          all === true ? done(null, [...addresses]) : done(null, first.address, first.family),
      },
      (incoming) => {
        const answered = () =>
          resolve({ status: incoming.statusCode ?? 0, retryAfter: incoming.headers["retry-after"] ?? null });
        let bytes = 0;
        incoming.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) incoming.destroy();
        });
        // The status says it all, however the rest ends.
        incoming.on("error", answered);
        incoming.on("close", answered);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** 2xx is done; 408, 425, 429 and 5xx may succeed later; the rest will not. */
export function deliveryOf({ status, retryAfter }: Response, nowMs: number): Delivery {
  if (status >= 200 && status < 300) return { kind: "sent" };
  if (status >= 300 && status < 400) return refused(`HTTP ${status}: redirects are not followed`);
  if (status >= 500 || [408, 425, 429].includes(status))
    return { kind: "retry", reason: `HTTP ${status}`, afterMs: retryAfterMs(retryAfter, nowMs) };
  return refused(`HTTP ${status}`);
}

function refused(reason: string): Delivery {
  return { kind: "refused", reason };
}

function retryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const ms = /^[0-9]{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}
