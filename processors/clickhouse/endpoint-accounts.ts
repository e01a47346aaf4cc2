import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "./endpoint-request.ts";

/** reader: queries of the data; writer: may also write, within the data; admin: whatever `checkStatement` takes. */
export type Role = "reader" | "writer" | "admin";

export interface Account {
  readonly name: string;
  /** SHA-256 of the password, 32 bytes. */
  readonly passwordSha256: Buffer;
  readonly role: Role;
}

export function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/**
 * The account that a request proves to be by basic authentication, by ClickHouse's headers or in the URL. Throws a
 * Refusal, after the same work for a wrong name as for a wrong password.
 */
export function authenticate(
  accounts: readonly Account[],
  headers: IncomingHttpHeaders,
  search: URLSearchParams,
): Account {
  const { user, password } = credentials(headers, search);
  const given = sha256(password);
  let found: Account | null = null;
  for (const account of accounts) {
    const isPassword = timingSafeEqual(account.passwordSha256, given);
    if (isPassword && account.name === user) found = account;
  }
  if (found !== null) return found;
  throw new Refusal(
    516,
    "AUTHENTICATION_FAILED",
    401,
    "User or password is wrong. They are those of serve.users, or of endpoint.json in the data directory.",
  );
}

function credentials(headers: IncomingHttpHeaders, search: URLSearchParams): { user: string; password: string } {
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? "")?.[1];
  if (basic !== undefined) {
    const text = Buffer.from(basic, "base64").toString("utf8");
    const colon = text.indexOf(":");
    return { user: text.slice(0, Math.max(0, colon)), password: text.slice(colon + 1) };
  }
  const user = headers["x-clickhouse-user"];
  if (user !== undefined) return { user: String(user), password: String(headers["x-clickhouse-key"] ?? "") };
  return { user: search.get("user") ?? "default", password: search.get("password") ?? "" };
}
