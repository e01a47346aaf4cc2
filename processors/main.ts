import { setFlagsFromString } from "node:v8";
import { Command, CommanderError } from "commander";
import { addAudit } from "./commands/audit.ts";
import { addBacktest } from "./commands/backtest.ts";
import { addClose } from "./commands/close.ts";
import { addCollect } from "./commands/collect.ts";
import type { Exit } from "./commands/command.ts";
import { addConfig } from "./commands/config.ts";
import { addDeadLetters } from "./commands/dead-letters.ts";
import { addDetect } from "./commands/detect.ts";
import { addErase } from "./commands/erase.ts";
import { addLoad } from "./commands/load.ts";
import { addMask } from "./commands/mask.ts";
import { addMigrate } from "./commands/migrate.ts";
import { addNotify } from "./commands/notify.ts";
import { addProcess } from "./commands/process.ts";
import { addReplay } from "./commands/replay.ts";
import { addRun } from "./commands/run.ts";
import { addServe } from "./commands/serve.ts";
import { addSimulate } from "./commands/simulate.ts";
import { addSql } from "./commands/sql.ts";
import { addTemplates } from "./commands/templates.ts";
import { addTopic } from "./commands/topic.ts";
import { WeirError } from "./model/errors.ts";
import { printable } from "./runtime/terminal.ts";

/** The command line: reads arguments, calls one service, sets the exit code. 0 done, 1 failed, 2 wrong usage. */

function createProgram(exit: Exit): Command {
  const program = new Command("weir")
    .description("Log lines in; exact SQL answers, windows and alerts out.")
    .exitOverride()
    .configureHelp({ helpWidth: 100 });
  addRun(program, exit);
  addLoad(program, exit);
  addCollect(program, exit);
  addProcess(program, exit);
  addClose(program, exit);
  addNotify(program, exit);
  addTopic(program, exit);
  addAudit(program, exit);
  addDetect(program);
  addBacktest(program);
  addSimulate(program, exit);
  addSql(program);
  addServe(program, exit);
  addTemplates(program);
  addDeadLetters(program, exit);
  addMask(program);
  addErase(program);
  addReplay(program, exit);
  addMigrate(program);
  addConfig(program);
  return program;
}

// What lives longer than a line lives outside of V8's heap. Its young generation would grow to 130 MB for nothing.
setFlagsFromString("--semi-space-growth-factor=1");

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const exit = { code: 0 };
  try {
    await createProgram(exit).parseAsync();
    return exit.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof WeirError) {
      process.stderr.write(`weir: ${error.message.split("\n").map(printable).join("\n")} [${error.code}]\n`);
      return error.code === "USAGE" ? EXIT_USAGE : EXIT_FAILED;
    }
    process.stderr.write(
      `weir: An unexpected error; please report it with this text. [INTERNAL]\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    return EXIT_FAILED;
  }
}

// A pipe that is closed early (`weir sql … | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : EXIT_FAILED));
process.exit(await main());
