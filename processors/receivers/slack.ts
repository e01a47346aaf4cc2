import { cutText, type Message, type Receiver } from "../model/incident.ts";
import { post } from "./post.ts";
import type { ReceiverOptions } from "./receiver.ts";

const TITLE_MAX = 500;
const TEXT_MAX = 3000;
const MARK = { opened: ":red_circle:", resolved: ":large_green_circle:", withdrawn: ":white_circle:" } as const;

/** So that text of a log is neither a mention, nor a link, nor formatting. Within a word _ is none, and names can be copied. */
export function escapeSlack(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[*~`]|\b_|_\b/g, "$&\u200b");
}

export function slackBody({ kind, title, text }: Message): string {
  const shown = `${MARK[kind]} ${escapeSlack(cutText(title, TITLE_MAX))}\n${escapeSlack(cutText(text, TEXT_MAX))}`;
  return JSON.stringify({ text: shown, unfurl_links: false, unfurl_media: false });
}

/** A webhook of Slack, or of what understands the same (Mattermost, Rocket.Chat). Its address is the secret. */
export function createSlack({ name, secret, isAllowed, nowMs, signal }: ReceiverOptions): Receiver {
  return {
    name,
    isIdempotent: false,
    repeatMs: null,
    send: (message) => post({ url: secret, headers: {}, body: slackBody(message), isAllowed, signal }, nowMs),
  };
}
