import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface AlertServer {
  readonly url: string;
  readonly requests: Request[];
  /** How the next requests are answered, instead of as the vendor would. */
  readonly answers: Answer[];
  close(): Promise<void>;
}

/** A server on loopback that answers as the judge says. */
export function openAlertServer(judge: (request: Request) => Answer): Promise<AlertServer> {
  const requests: Request[] = [];
  const answers: Answer[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = { path: incoming.url!, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      const { status, headers } = answers.shift() ?? judge(request);
      outgoing.writeHead(status, headers).end("{}");
    });
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        requests,
        answers,
        close: () => new Promise((done) => server.close(() => done())),
      }),
    ),
  );
}

/** PagerDuty Events v2, as far as it refuses: size, lengths, required fields. */
export function judgePagerduty({ body }: Request): Answer {
  if (Buffer.byteLength(body) > 512 * 1024) return { status: 413 };
  const { routing_key, event_action, dedup_key, payload } = JSON.parse(body);
  const isPayload =
    event_action === "resolve" ||
    (payload?.summary?.length > 0 &&
      payload.summary.length <= 1024 &&
      payload.source?.length > 0 &&
      ["critical", "error", "warning", "info"].includes(payload.severity));
  const isRight = routing_key.length === 32 && dedup_key.length <= 255 && isPayload;
  return { status: isRight && ["trigger", "resolve"].includes(event_action) ? 202 : 400 };
}

/** A receiver of Standard Webhooks that knows the secret and the time. */
export function judgeWebhook(secret: string, nowSeconds: () => number): (request: Request) => Answer {
  return ({ headers, body }) => {
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const isFresh = Math.abs(Number(headers["webhook-timestamp"]) - nowSeconds()) <= 300;
    const expected = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
    return { status: isFresh && headers["webhook-signature"] === expected ? 204 : 401 };
  };
}
