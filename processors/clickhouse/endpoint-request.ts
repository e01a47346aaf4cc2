import type { SessionRequest } from "./endpoint-sessions.ts";
import { isAllowedSetting, isTransportSetting } from "./settings.ts";
import { isSymbol, tokens } from "./tokens.ts";

/** What ClickHouse's HTTP interface takes in a URL's query, as far as this endpoint takes it. */
export interface EndpointRequest {
  readonly query: string;
  /** Texts of `param_name`, escaped as they came. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  /** null: the request names none. */
  readonly format: string | null;
  readonly queryId: string | null;
  readonly readonly: boolean;
  /** null: the request is none of a session. */
  readonly session: SessionRequest | null;
  /** The client takes a compressed answer (`enable_http_compression`). */
  readonly isCompressing: boolean;
}

/** A request that the endpoint refuses, with ClickHouse's number and name for the reason. */
export class Refusal extends Error {
  readonly code: number;
  readonly type: string;
  readonly status: number;

  constructor(code: number, type: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.type = type;
    this.status = status;
  }
}

/** Reads the parameters of a URL. Throws a Refusal for what is not on the list. */
export function parseEndpointRequest(
  search: URLSearchParams,
  options: { readonly readonly: boolean },
): EndpointRequest {
  const request = { query: "", format: null as string | null, queryId: null as string | null, ...options };
  const parameters: Record<string, string> = {};
  const settings: Record<string, string> = {};
  const sessionId = search.get("session_id") ?? "";
  const timeout = search.get("session_timeout");
  const session =
    sessionId === ""
      ? null
      : {
          id: sessionId,
          timeoutSeconds: timeout !== null && /^[0-9]{1,6}$/.test(timeout) ? Number(timeout) : null,
          isCheck: search.get("session_check") === "1",
        };
  for (const [name, value] of search) {
    if (name === "query") request.query = value;
    else if (name === "default_format") request.format = value;
    else if (name === "query_id") request.queryId = value;
    else if (name === "database") checkDatabase(value);
    else if (name === "readonly") request.readonly = isReadonly(value, options.readonly);
    else if (/^param_\w+$/.test(name)) parameters[name.slice("param_".length)] = value;
    else if (isAllowedSetting(name)) settings[name] = value;
    else if ((name === "compress" || name === "decompress") && value === "1") {
      throw new Refusal(
        48,
        "NOT_IMPLEMENTED",
        501,
        `ClickHouse's own compression (${name}=1) is not spoken here; use Content-Encoding and Accept-Encoding.`,
      );
    } else if (!isTransportSetting(name)) {
      throw new Refusal(
        115,
        "UNKNOWN_SETTING",
        400,
        `Weir's endpoint doesn't take the parameter ${name}; leave it out.`,
      );
    }
  }
  return { ...request, parameters, settings, session, isCompressing: search.get("enable_http_compression") === "1" };
}

function checkDatabase(name: string): void {
  if (name === "weir" || name === "default" || name === "") return;
  throw new Refusal(81, "UNKNOWN_DATABASE", 404, `There is no database ${name} here; use weir.`);
}

function isReadonly(value: string, isAlready: boolean): boolean {
  if (value === "1" || value === "2") return true;
  if (value === "0" && !isAlready) return false;
  throw new Refusal(164, "READONLY", 403, "The user reader can't leave the read-only mode; sign in as writer.");
}

/**
 * Values of HTTP parameters as the engine's binding takes them. HTTP escapes a value with backslashes; the binding
 * escapes it once more and the engine undoes that, so the first escaping is undone here. Inside of an array, tuple or
 * map strings keep their quotes, and a quote within them is doubled.
 */
export function bindParameters(
  sql: string,
  parameters: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const types = parameterTypes(sql);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, text]) => {
      const isNested = /^(Array|Tuple|Map|Nested)$/i.test(types.get(name) ?? "");
      return [name, text === "\\N" ? null : unescaped(text, isNested ? "''" : "'")];
    }),
  );
}

/** Outermost types of the `{name:Type}` in a statement. */
function parameterTypes(sql: string): Map<string, string> {
  const list = [...tokens(sql)];
  const types = new Map<string, string>();
  for (let i = 0; i + 3 < list.length; i++) {
    if (isSymbol(list[i], "{") && isSymbol(list[i + 2], ":")) types.set(list[i + 1].text, list[i + 3].text);
  }
  return types;
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", "0": "\0" };

function unescaped(text: string, quote: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) =>
    character === "'" ? quote : (ESCAPES[character] ?? character),
  );
}
