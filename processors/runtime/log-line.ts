import { paint, printable } from "./terminal.ts";

const COLORS = { trace: "dim", debug: "dim", info: "green", warn: "yellow", error: "red" } as const;

/** A JSON log line for people: `12:03:04 warn  Sentence. key=value`, in local time; stacks on lines of their own. */
export function formatLogLine(line: string, colored: boolean): string {
  const { time, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const at = new Date(String(time)).toTimeString().slice(0, 8);
  const name = String(level) as keyof typeof COLORS;
  const stacks: string[] = [];
  const pairs = Object.entries(fields).flatMap(([key, value]) => formatField(key, value, stacks));
  const details = pairs.length === 0 ? "" : ` ${paint(pairs.join(" "), "dim", colored)}`;
  const head = `${at} ${paint(name.padEnd(5), COLORS[name], colored)} ${printable(String(message ?? ""))}${details}`;
  return `${[head, ...stacks].join("\n")}\n`;
}

/** An error's fields stand one by one; other lists and mappings stay JSON. */
function formatField(key: string, value: unknown, stacks: string[]): string[] {
  const name = printable(key);
  if (key === "err" && typeof value === "object" && value !== null) {
    const { stack, ...rest } = value as Record<string, unknown>;
    if (typeof stack === "string") stacks.push(...stack.split("\n").map((frame) => `  ${printable(frame)}`));
    return Object.entries(rest).flatMap(([part, inner]) =>
      formatField(part === "message" ? "error" : part, inner, stacks),
    );
  }
  if (typeof value === "string" && /^[^\s"=]+$/u.test(value)) return [`${name}=${printable(value)}`];
  if (typeof value === "string") return [`${name}="${printable(value).replaceAll('"', '\\"')}"`];
  return [`${name}=${printable(JSON.stringify(value))}`];
}
