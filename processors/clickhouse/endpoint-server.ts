import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { WeirError } from "../model/errors.ts";
import type { EmbeddedClickHouse } from "./embedded.ts";
import { type Account, authenticate } from "./endpoint-accounts.ts";
import { answerEncoding, bodyOf, compressed, joined, joinStatement, readWhole, tooLarge } from "./endpoint-body.ts";
import { sendError } from "./endpoint-error.ts";
import { bindParameters, type EndpointRequest, parseEndpointRequest, Refusal } from "./endpoint-request.ts";
import { HttpSessions, makesTemporary, parseSet } from "./endpoint-sessions.ts";
import { parseDataInsert } from "./insert-statement.ts";
import { checkStatement } from "./statement.ts";
import { isSymbol, tokens } from "./tokens.ts";

const URL_BYTES_MAX = 1 << 20;
const STATEMENT_BYTES_MAX = 4 << 20;
const DATA_BYTES_MAX = 1 << 30;
/** In the engine's memory format, for accounts of `weir serve`. */
const RESULT_BYTES_MAX = 4 * 2 ** 30;
const QUERY_SECONDS_MAX = 600;
const SERVER_NAME = "weir";

export interface HttpServerOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly accounts: readonly Account[];
  /** Cap the time and the result of a query. */
  readonly isLimited: boolean;
}

export interface HttpServer {
  readonly url: string;
  /** Lets running requests end, and stops listening. */
  close(): Promise<void>;
}

interface Context {
  readonly store: EmbeddedClickHouse;
  readonly options: HttpServerOptions;
  readonly sessions: HttpSessions;
}

/** ClickHouse's HTTP protocol over a store of this process. Throws STORE_UNREACHABLE when the address can't be had. */
export async function listen(store: EmbeddedClickHouse, options: HttpServerOptions): Promise<HttpServer> {
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
  const [zone] = await store.query<{ zone: string }>("SELECT timezone() AS zone");
  server.addHook("onRequest", async (request, reply) => {
    if (isLoopback(options.host)) checkHost(request.headers.host);
    reply.headers({ "X-ClickHouse-Server-Display-Name": SERVER_NAME, "X-ClickHouse-Timezone": zone.zone });
  });
  for (const url of ["/ping", "/replicas_status"])
    server.route({ method: ["GET", "HEAD"], url, handler: async (_, reply) => reply.type("text/plain").send("Ok.\n") });
  const context: Context = { store, options, sessions: new HttpSessions() };
  const handler = (request: FastifyRequest, reply: FastifyReply) => answer(context, request, reply);
  server.route({ method: ["GET", "HEAD"], url: "/", handler });
  server.post("/", { bodyLimit: Number.MAX_SAFE_INTEGER }, handler);
  try {
    const url = await server.listen({ host: options.host, port: options.port });
    return { url, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw new WeirError(
      "STORE_UNREACHABLE",
      `Nobody can be served at ${options.host}:${options.port}: ${String(error)}; choose another address with --listen.`,
      { cause: error },
    );
  }
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/**
 * A page in a browser can have its own name resolve to loopback; the Host header gives it away. The port may be another:
 * that of a tunnel or a proxy.
 */
function checkHost(host: string | undefined): void {
  if (/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host ?? "")) return;
  throw new Refusal(516, "AUTHENTICATION_FAILED", 403, "The Host header is not this endpoint's; use the URL given.");
}

async function answer(context: Context, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const search = request.query as URLSearchParams;
  const isGet = request.method !== "POST";
  if (isGet && !search.has("query")) return reply.type("text/html; charset=UTF-8").send("Ok.\n");
  const account = authenticate(context.options.accounts, request.headers, search);
  const parsed = parseEndpointRequest(search, { readonly: isGet || account.role === "reader" });
  reply.header("X-ClickHouse-Query-Id", parsed.queryId ?? randomUUID());
  const session = parsed.session === null ? null : context.sessions.take(account.name, parsed.session);
  try {
    const settings = { ...session?.settings, ...parsed.settings };
    const run = new Exchange(context, account, { ...parsed, settings }, request, reply);
    return await run.answer(isGet ? null : bodyOf(request), session?.settings ?? null);
  } finally {
    session?.release();
  }
}

/** One request of an account that is who it says. */
class Exchange {
  readonly #context: Context;
  readonly #account: Account;
  readonly #parsed: EndpointRequest;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #startedAtMs = performance.now();

  constructor(
    context: Context,
    account: Account,
    parsed: EndpointRequest,
    request: FastifyRequest,
    reply: FastifyReply,
  ) {
    this.#context = context;
    this.#account = account;
    this.#parsed = parsed;
    this.#request = request;
    this.#reply = reply;
  }

  /** `remembered`: settings of the session, for SET to write to. */
  async answer(body: Readable | null, remembered: Record<string, string> | null): Promise<FastifyReply> {
    const { query } = this.#parsed;
    const named = parseDataInsert(query);
    if (named !== null && body !== null) {
      const given = Buffer.from(query.slice(named.dataBegin), "utf8");
      return this.#insert(query.slice(0, named.dataBegin), joined(given, body));
    }
    const bytes = joinStatement(query, body === null ? Buffer.alloc(0) : await readWhole(body));
    // Parsed as byte text: the data of an insert may be anything.
    const inline = parseDataInsert(bytes.latin1Slice());
    if (inline !== null) {
      const head = bytes.subarray(0, inline.dataBegin).toString("utf8");
      return this.#insert(head, Readable.from([bytes.subarray(inline.dataBegin)]));
    }
    if (bytes.length > STATEMENT_BYTES_MAX) throw tooLarge();
    if (!isUtf8(bytes))
      throw new Refusal(36, "BAD_ARGUMENTS", 400, "The statement is not valid UTF-8; send data by INSERT … FORMAT.");
    const sql = bytes.toString("utf8");
    const assignments = remembered === null ? null : parseSet(sql);
    if (assignments === null) return this.#query(sql);
    Object.assign(remembered as object, assignments);
    return this.#done();
  }

  async #query(sql: string): Promise<FastifyReply> {
    if (makesTemporary(sql))
      throw new Refusal(48, "NOT_IMPLEMENTED", 501, "There are no temporary tables here; make an ordinary one.");
    const { parameters, readonly, format: inUrl } = this.#parsed;
    const inHeader = this.#request.headers["x-clickhouse-format"];
    const wanted = inUrl ?? (typeof inHeader === "string" ? inHeader : "TabSeparated");
    const contained = this.#account.role !== "admin";
    if (contained && this.#context.options.isLimited) refuseLimits(sql);
    const format = checkStatement(sql, { readonly, contained }).format ?? wanted;
    const result = await this.#context.store.queryFile(sql, wanted, {
      readonly,
      contained,
      parameters: bindParameters(sql, parameters),
      settings: this.#settings(),
    });
    const type = /^JSON/.test(format) ? "application/json" : /^CSV/.test(format) ? "text/csv" : "text/plain";
    const reply = this.#reply
      .header("X-ClickHouse-Format", format)
      .header("X-ClickHouse-Summary", this.#summary())
      .type(`${type}; charset=UTF-8`);
    const encoding = answerEncoding(this.#request.headers["accept-encoding"], this.#parsed.isCompressing);
    if (encoding === null) return reply.send(result);
    return reply
      .header("Content-Encoding", encoding)
      .header("Vary", "Accept-Encoding")
      .send(compressed(result, encoding));
  }

  async #insert(sql: string, data: Readable): Promise<FastifyReply> {
    if (this.#parsed.readonly)
      throw new Refusal(164, "READONLY", 403, "An INSERT needs POST and a user who may write.");
    await this.#context.store.insertStream(sql, data, {
      bytesMax: DATA_BYTES_MAX,
      settings: this.#parsed.settings,
      contained: this.#account.role !== "admin",
    });
    return this.#done();
  }

  #done(): FastifyReply {
    return this.#reply.header("X-ClickHouse-Summary", this.#summary()).type("text/plain").send("");
  }

  /** A request may ask for less than the caps; an admin's statement may set more. */
  #settings(): Record<string, string> {
    const { settings } = this.#parsed;
    if (!this.#context.options.isLimited) return { ...settings };
    const capped = (name: string, max: number): string => {
      const asked = Number(settings[name] ?? 0);
      return String(asked > 0 && asked < max ? asked : max);
    };
    return {
      ...settings,
      max_result_bytes: capped("max_result_bytes", RESULT_BYTES_MAX),
      max_execution_time: capped("max_execution_time", QUERY_SECONDS_MAX),
      result_overflow_mode: "throw",
    };
  }

  /** The engine in a process does not say how much it read or wrote. */
  #summary(): string {
    const elapsedNs = Math.round((performance.now() - this.#startedAtMs) * 1e6);
    const unknown = ["read_rows", "read_bytes", "written_rows", "written_bytes", "total_rows_to_read", "result_rows"];
    return JSON.stringify({
      ...Object.fromEntries([...unknown, "result_bytes"].map((name) => [name, "0"])),
      elapsed_ns: String(elapsedNs),
    });
  }
}

const LIMITS = ["max_result_bytes", "max_execution_time", "result_overflow_mode"];

/** A statement's own setting would win over the one of the request. */
function refuseLimits(sql: string): void {
  let last: string | null = null;
  for (const token of tokens(sql)) {
    if (last !== null && isSymbol(token, "="))
      throw new Refusal(452, "SETTING_CONSTRAINT_VIOLATION", 403, `Set ${last} in the URL; it is capped here.`);
    last = token.kind !== "symbol" && LIMITS.includes(token.text) ? token.text : null;
  }
}
