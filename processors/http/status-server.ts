import fastify from "fastify";
import { WeirError } from "../model/errors.ts";

/** What a process says of itself. */
export interface Status {
  /** Metrics in Prometheus's text format. */
  metrics(): Promise<string>;
  readonly contentType: string;
  /** Why it can't do its work now; nothing: it can. */
  obstacles(): readonly string[];
}

export interface StatusServer {
  readonly url: string;
  close(): Promise<void>;
}

const HEADER_BYTES_MAX = 16_384;
const REQUEST_MS = 10_000;

/**
 * `/metrics`, `/livez` (200 as long as the process answers) and `/readyz` (503 with reasons while it can't do its work). Reads
 * only, tells no line's content. Throws LISTEN_FAILED.
 */
export async function startStatusServer(
  { host, port }: { readonly host: string; readonly port: number },
  status: Status,
): Promise<StatusServer> {
  const server = fastify({
    bodyLimit: 1024,
    forceCloseConnections: true,
    requestTimeout: REQUEST_MS,
    http: { maxHeaderSize: HEADER_BYTES_MAX },
  });
  server.get("/metrics", async (_request, reply) => reply.type(status.contentType).send(await status.metrics()));
  server.get("/livez", async (_request, reply) => reply.type("text/plain").send("ok\n"));
  server.get("/readyz", async (_request, reply) => {
    const obstacles = status.obstacles();
    const text = obstacles.length === 0 ? "ok\n" : `${obstacles.join("\n")}\n`;
    return reply
      .code(obstacles.length === 0 ? 200 : 503)
      .type("text/plain")
      .send(text);
  });
  try {
    const url = await server.listen({ host, port });
    return { url, close: () => server.close() };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new WeirError(
      "LISTEN_FAILED",
      `The address ${host}:${port} of metrics.listen can't be used (${code}); stop who has it, or name another.`,
      { cause },
    );
  }
}
