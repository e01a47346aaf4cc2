import { isUtf8 } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { EmbeddedClickHouse } from "./embedded.ts";
import { sendError } from "./endpoint-error.ts";
import { removeEndpointFile, writeEndpointFile } from "./endpoint-file.ts";
import { bindParameters, type EndpointRequest, parseEndpointRequest, Refusal } from "./endpoint-request.ts";
import { parseDataInsert } from "./insert-statement.ts";
import { checkStatement } from "./statement.ts";

const URL_BYTES_MAX = 1 << 20;
const BODY_BYTES_MAX = 64 << 20;
const STATEMENT_BYTES_MAX = 4 << 20;
const DATA_BYTES_MAX = 1 << 30;

/** ClickHouse's HTTP protocol over a store that this process holds. */
export interface Endpoint {
  readonly url: string;
  /** Removes endpoint.json, lets running requests end, and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts the endpoint on a free loopback port and says so in DIR/endpoint.json. Two users with passwords made at every
 * start: `reader` for read-only statements, `writer` for all.
 */
export async function startEndpoint(store: EmbeddedClickHouse, dir: string): Promise<Endpoint> {
  const root = resolve(dir);
  const users = { reader: randomBytes(24).toString("base64url"), writer: randomBytes(24).toString("base64url") };
  const server = fastify({
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    http: { maxHeaderSize: URL_BYTES_MAX },
    routerOptions: { querystringParser: (text) => new URLSearchParams(text) as never },
  });
  // Bodies are statements or data of any type; they are read as streams.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  server.setErrorHandler((error, _request, reply) => sendError(reply, error));
  server.setNotFoundHandler((request, reply) =>
    sendError(reply, new Refusal(36, "BAD_ARGUMENTS", 404, `There is nothing at ${request.url}; statements go to /.`)),
  );
  server.addHook("onRequest", async (request) => checkHost(request.headers.host, server));
  server.get("/ping", async (_request, reply) => reply.type("text/plain").send("Ok.\n"));
  const handle = (request: FastifyRequest, reply: FastifyReply) => answer(store, users, request, reply);
  server.get("/", handle);
  server.post("/", { bodyLimit: Number.MAX_SAFE_INTEGER }, handle);

  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  await writeEndpointFile(root, { url, pid: process.pid, users });
  return {
    url,
    async close() {
      await removeEndpointFile(root, url);
      await server.close();
    },
  };
}

/** A page in a browser can have its own name resolve to loopback; the Host header gives it away. */
function checkHost(host: string | undefined, server: FastifyInstance): void {
  const address = server.server.address() as AddressInfo;
  if (host === `127.0.0.1:${address.port}` || host === `localhost:${address.port}`) return;
  throw new Refusal(516, "AUTHENTICATION_FAILED", 403, "The Host header is not this endpoint's; use the URL given.");
}

async function answer(
  store: EmbeddedClickHouse,
  users: Readonly<Record<string, string>>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const user = authenticate(users, request.headers);
  const isGet = request.method === "GET";
  const parsed = parseEndpointRequest(request.query as URLSearchParams, { readonly: isGet || user === "reader" });
  if (parsed.queryId !== null) reply.header("X-ClickHouse-Query-Id", parsed.queryId);
  const body = isGet ? null : bodyOf(request);
  const named = parseDataInsert(parsed.query);
  if (named !== null && body !== null) {
    const given = Buffer.from(parsed.query.slice(named.dataBegin), "utf8");
    return insert(store, parsed, parsed.query.slice(0, named.dataBegin), joined(given, body), reply);
  }
  const bytes = joinStatement(parsed.query, body === null ? Buffer.alloc(0) : await readWhole(body));
  // Parsed as byte text: the data of an insert may be anything.
  const inline = parseDataInsert(bytes.latin1Slice());
  if (inline !== null) {
    const head = bytes.subarray(0, inline.dataBegin).toString("utf8");
    return insert(store, parsed, head, Readable.from([bytes.subarray(inline.dataBegin)]), reply);
  }
  if (bytes.length > STATEMENT_BYTES_MAX) throw tooLarge();
  if (!isUtf8(bytes)) {
    throw new Refusal(36, "BAD_ARGUMENTS", 400, "The statement is not valid UTF-8; send data by INSERT … FORMAT.");
  }
  return query(store, parsed, bytes.toString("utf8"), request, reply);
}

async function query(
  store: EmbeddedClickHouse,
  parsed: EndpointRequest,
  sql: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const header = request.headers["x-clickhouse-format"];
  const wanted = parsed.format ?? (typeof header === "string" ? header : "TabSeparated");
  const format = checkStatement(sql, parsed).format ?? wanted;
  const result = await store.queryText(sql, wanted, {
    readonly: parsed.readonly,
    parameters: bindParameters(sql, parsed.parameters),
    settings: parsed.settings,
  });
  const type = /^JSON/.test(format) ? "application/json" : /^CSV/.test(format) ? "text/csv" : "text/plain";
  return reply.header("X-ClickHouse-Format", format).type(`${type}; charset=UTF-8`).send(result);
}

async function insert(
  store: EmbeddedClickHouse,
  parsed: EndpointRequest,
  sql: string,
  data: Readable,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (parsed.readonly) throw new Refusal(164, "READONLY", 403, "An INSERT needs POST and the user writer.");
  await store.insertStream(sql, data, { bytesMax: DATA_BYTES_MAX, settings: parsed.settings });
  return reply.type("text/plain").send("");
}

function authenticate(users: Readonly<Record<string, string>>, headers: IncomingMessage["headers"]): string {
  const { user, password } = credentials(headers);
  const expected = Object.hasOwn(users, user) ? users[user] : "";
  const isRight = timingSafeEqual(digest(password), digest(expected)) && expected !== "";
  if (isRight) return user;
  throw new Refusal(516, "AUTHENTICATION_FAILED", 401, "User and password are in endpoint.json of the data directory.");
}

function credentials(headers: IncomingMessage["headers"]): { user: string; password: string } {
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? "")?.[1];
  if (basic !== undefined) {
    const text = Buffer.from(basic, "base64").toString("utf8");
    const colon = text.indexOf(":");
    return { user: text.slice(0, Math.max(0, colon)), password: text.slice(colon + 1) };
  }
  return { user: String(headers["x-clickhouse-user"] ?? ""), password: String(headers["x-clickhouse-key"] ?? "") };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The body as the client meant it. Limits count what comes out of the decompression. */
function bodyOf(request: FastifyRequest): Readable {
  const type = request.headers["content-type"] ?? "";
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (/^multipart\//i.test(type)) {
    throw new Refusal(48, "NOT_IMPLEMENTED", 501, "Multipart bodies are not taken; send parameters in the URL.");
  }
  const raw = request.body instanceof Readable ? request.body : request.raw;
  if (encoding === "identity") return raw;
  if (encoding === "gzip") {
    const gunzip = createGunzip();
    raw.on("error", (error) => gunzip.destroy(error));
    return raw.pipe(gunzip);
  }
  throw new Refusal(48, "NOT_IMPLEMENTED", 501, `Bodies encoded with ${encoding} are not taken; use gzip or none.`);
}

async function readWhole(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): Refusal {
  return new Refusal(
    62,
    "QUERY_IS_TOO_LARGE",
    413,
    "The statement is too long; name an INSERT … FORMAT in the URL instead.",
  );
}

/** A statement may begin in the URL and go on in the body. */
function joinStatement(query: string, body: Buffer): Buffer {
  if (query === "") return body;
  return body.length === 0 ? Buffer.from(query, "utf8") : Buffer.concat([Buffer.from(`${query}\n`, "utf8"), body]);
}

function joined(first: Buffer, rest: Readable): Readable {
  if (first.length === 0) return rest;
  return Readable.from(
    (async function* () {
      yield first;
      yield* rest;
    })(),
  );
}
