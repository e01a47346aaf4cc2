import { Refusal } from "./endpoint-request.ts";
import { isAllowedSetting } from "./settings.ts";
import { isKeyword, isSymbol, tokens } from "./tokens.ts";

const SESSIONS_MAX = 1000;
const TIMEOUT_SECONDS_DEFAULT = 60;
const TIMEOUT_SECONDS_MAX = 3600;

/** What a URL says of its session. */
export interface SessionRequest {
  readonly id: string;
  /** null: the usual time. */
  readonly timeoutSeconds: number | null;
  /** It must be there already. */
  readonly isCheck: boolean;
}

/** Settings that a client has made with SET, for its next requests under the same `session_id`. */
export interface HttpSession {
  readonly settings: Record<string, string>;
  /** Lets the next request have the session. */
  release(): void;
}

interface Kept {
  readonly settings: Record<string, string>;
  isBusy: boolean;
  endsAtMs: number;
}

/**
 * Sessions of HTTP clients. They remember settings and nothing else: there are no temporary tables, as statements of a
 * client run in whichever session of the engine is for such statements.
 */
export class HttpSessions {
  readonly #kept = new Map<string, Kept>();

  /** Throws a Refusal when the session is in use, or isn't there and should be. */
  take(user: string, { id, timeoutSeconds, isCheck }: SessionRequest): HttpSession {
    const key = JSON.stringify([user, id]);
    this.#expire();
    const present = this.#kept.get(key);
    if (present === undefined && isCheck)
      throw new Refusal(372, "SESSION_NOT_FOUND", 404, `There is no session ${id}; leave session_check out.`);
    if (present?.isBusy === true)
      throw new Refusal(
        373,
        "SESSION_IS_LOCKED",
        500,
        `The session ${id} has a request under way; wait for its answer.`,
      );
    if (present === undefined && this.#kept.size >= SESSIONS_MAX)
      throw new Refusal(202, "TOO_MANY_SIMULTANEOUS_QUERIES", 500, "There are too many sessions; use fewer ids.");
    const session = present ?? { settings: {}, isBusy: true, endsAtMs: 0 };
    session.isBusy = true;
    this.#kept.set(key, session);
    const lastsMs = Math.min(timeoutSeconds ?? TIMEOUT_SECONDS_DEFAULT, TIMEOUT_SECONDS_MAX) * 1000;
    return {
      settings: session.settings,
      release() {
        session.isBusy = false;
        session.endsAtMs = performance.now() + lastsMs;
      },
    };
  }

  #expire(): void {
    const now = performance.now();
    for (const [key, { isBusy, endsAtMs }] of this.#kept) if (!isBusy && endsAtMs < now) this.#kept.delete(key);
  }
}

/** The assignments of `SET a = 1, b = 'x'`, or null for another statement. Throws a Refusal for what can't be set. */
export function parseSet(sql: string): Record<string, string> | null {
  const list = [...tokens(sql)];
  while (isSymbol(list.at(-1), ";")) list.pop();
  if (!isKeyword(list[0], "SET")) return null;
  const found: Record<string, string> = {};
  for (let i = 1; i < list.length; ) {
    const [name, equals, first] = [list[i], list[i + 1], list[i + 2]];
    if (name.kind !== "word" || !isSymbol(equals, "=") || first === undefined) throw notSet("is no list of settings");
    if (!isAllowedSetting(name.text)) throw notSet(`names ${name.text}, which is not among those a session may have`);
    let next = i + 3;
    while (next < list.length && !isSymbol(list[next], ",")) next++;
    found[name.text] = literalText(sql.slice(first.begin, list[next - 1].end));
    i = next + 1;
  }
  return found;
}

function literalText(text: string): string {
  const quoted = /^'((?:[^'\\]|\\.)*)'$/s.exec(text)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/gs, "$1");
  if (/^-?[A-Za-z0-9_.]+$/.test(text)) return text;
  throw notSet("has a value that is neither a number nor a plain string");
}

function notSet(what: string): Refusal {
  return new Refusal(115, "UNKNOWN_SETTING", 400, `The SET ${what}; correct it.`);
}

/** Whether a statement makes a table that would last as long as a session. */
export function makesTemporary(sql: string): boolean {
  const head = [];
  for (const token of tokens(sql)) if (head.push(token) === 4) break;
  return isKeyword(head[0], "CREATE") && head.some((token) => isKeyword(token, "TEMPORARY"));
}
