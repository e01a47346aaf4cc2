import type { FastifyReply } from "fastify";
import { type ErrorCode, WeirError } from "../model/errors.ts";
import { Refusal } from "./endpoint-request.ts";
import { engineCode } from "./error.ts";

/** How errors that Weir itself found are called in ClickHouse's protocol. */
const OWN: Readonly<Partial<Record<ErrorCode, readonly [number, string]>>> = {
  USAGE: [62, "SYNTAX_ERROR"],
  STORE_READONLY: [164, "READONLY"],
  STORE_REJECTED: [117, "INCORRECT_DATA"],
  STORE_DISK_FULL: [243, "NOT_ENOUGH_SPACE"],
};

/** HTTP status by error number, as ClickHouse's HTTPHandler gives it; 500 for all others. READONLY is a refusal here. */
const STATUS: ReadonlyMap<number, number> = new Map([
  ...[6, 26, 27, 36, 38, 41, 43, 53, 62, 69, 72, 117, 130, 131, 349, 456, 457].map((code) => [code, 400] as const),
  ...[16, 46, 47, 50, 56, 60, 63, 73, 81, 115, 372].map((code) => [code, 404] as const),
  ...[164, 392, 497].map((code) => [code, 403] as const),
  [48, 501],
  [159, 408],
  [209, 503],
  [439, 503],
]);

/** Answers with an error in the form that ClickHouse's clients parse. */
export function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  const { code, status, text } = describe(error);
  if (status === 401) reply.header("WWW-Authenticate", 'Basic realm="weir"');
  if (status === 413) reply.header("Connection", "close");
  return reply.code(status).header("X-ClickHouse-Exception-Code", String(code)).type("text/plain").send(`${text}\n`);
}

function describe(error: unknown): { code: number; status: number; text: string } {
  if (error instanceof Refusal) {
    return { code: error.code, status: error.status, text: own(error.code, error.message, error.type) };
  }
  const number = engineCode(error);
  if (number !== null) {
    const cause = error instanceof WeirError && error.cause instanceof Error ? error.cause : (error as Error);
    return { code: number, status: STATUS.get(number) ?? 500, text: cause.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  const [code, type] = (error instanceof WeirError && OWN[error.code]) || [1002, "UNKNOWN_EXCEPTION"];
  return { code, status: STATUS.get(code) ?? 500, text: own(code, message, type) };
}

function own(code: number, message: string, type: string): string {
  return `Code: ${code}. DB::Exception: ${message} (${type})`;
}
