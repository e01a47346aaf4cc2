import Bowser from "bowser";
import { isbot } from "isbot";

/** What a user agent says about itself. "" = unknown. */
export interface Agent {
  /** Browser, bot or program, without version: `Chrome`, `Googlebot`, `curl`. */
  readonly name: string;
  /** Operating system without version: `Windows`, `Android`. */
  readonly osName: string;
  /** OpenTelemetry's user_agent.synthetic.type: "bot", "test" (health checks and synthetic monitoring), or "". */
  readonly syntheticType: string;
}

const AGENT_BYTES_MAX = 1024;
const NAME_BYTES_MAX = 64;
const NONE: Agent = { name: "", osName: "", syntheticType: "" };

/** Programs that call in order to see whether the called one lives. */
const TEST =
  /probe\b|health-?check|googlehc|\/hc\b|synthetic|pingdom|uptime|statuscake|site24x7|blackbox.exporter|check_http/i;
/** Where to read more is no name; `bot.html` stands there often. */
const CONTACT = /(?:https?:\/\/|www\.|[\w.+-]{0,40}@)[^\s;)]*/gi;
const BOT_NAME = /[\w.!-]{0,40}(?:bot|crawl|spider|slurp|headless)[\w.-]{0,40}/i;
/** `Mozilla/5.0 (compatible; Name/1.0; ...)`. */
const COMPATIBLE_NAME = /\bcompatible;[ +]*([A-Za-z][\w.!-]*)/;
const PRODUCT = /[A-Za-z][\w.!-]*/;
const VERSION = /[_-](?:version|v)[_-]?\d.*$/i;

/**
 * Reads a user agent (byte text); of longer ones the first 1,024 bytes. Never throws: what it does not understand is "".
 * Programs are bots too, because nobody looks at a screen: isbot counts `curl` and `Go-http-client` as such.
 */
export function agentOf(userAgent: string): Agent {
  if (userAgent === "" || userAgent === "-") return NONE;
  const text = userAgent.length > AGENT_BYTES_MAX ? userAgent.slice(0, AGENT_BYTES_MAX) : userAgent;
  const syntheticType = TEST.test(text) ? "test" : isbot(text) ? "bot" : "";
  const { name, osName } = browserOf(text);
  const ownName = syntheticType === "" ? name : programName(text) || name;
  return { name: (ownName || firstProduct(text)).slice(0, NAME_BYTES_MAX), osName, syntheticType };
}

function browserOf(text: string): { name: string; osName: string } {
  try {
    const parser = Bowser.getParser(text, true);
    return { name: parser.getBrowserName() ?? "", osName: parser.getOSName() ?? "" };
  } catch {
    return { name: "", osName: "" };
  }
}

/** Name of a bot or program in its own spelling. */
function programName(text: string): string {
  const plain = text.replace(CONTACT, " ");
  const bot = BOT_NAME.exec(plain);
  return trimName(bot === null ? (COMPATIBLE_NAME.exec(plain)?.[1] ?? "") : bot[0]) || firstProduct(plain);
}

function firstProduct(text: string): string {
  const product = trimName(PRODUCT.exec(text)?.[0] ?? "");
  return product === "Mozilla" ? "" : product;
}

function trimName(name: string): string {
  return name.replace(VERSION, "").replace(/^[._!-]+|[._-]+$/g, "");
}
