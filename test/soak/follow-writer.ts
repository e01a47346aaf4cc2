import { createLogWriter, type LogWriter, type LogWriterOptions } from "./log-writer.ts";

/** A process that writes, as test/soak/follow.ts tells it: start, write, pause (ends every line), cut. It answers with what it wrote. */

const TICK_MS = 50;

let writer: LogWriter | null = null;
let isWriting = false;

process.on("message", (message: { start?: LogWriterOptions; write?: true; pause?: true; cut?: number }) => {
  if (message.start !== undefined) {
    writer = createLogWriter(message.start);
    setInterval(() => {
      if (isWriting) writer?.step(TICK_MS / 1000);
    }, TICK_MS);
    return;
  }
  isWriting = message.write === true;
  if (message.pause) writer?.endLines();
  if (message.cut !== undefined) writer?.cut(message.cut);
  process.send?.(writer?.written() ?? []);
});
process.on("disconnect", () => process.exit(0));
