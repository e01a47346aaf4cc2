import { setFlagsFromString } from "node:v8";
import { Command, CommanderError } from "commander";
import type { Exit } from "./commands/command.ts";
import { WeirError } from "./model/errors.ts";
import { printable } from "./runtime/terminal.ts";

/** The command line: reads arguments, calls one service, sets the exit code. 0 done, 1 failed, 2 wrong usage. */

type AddCommand = (program: Command, exit: Exit) => void;

/** In the order of the help. Only the one that is asked for is loaded: all of them together take half a second. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import("./commands/run.ts")).addRun,
  load: async () => (await import("./commands/load.ts")).addLoad,
  collect: async () => (await import("./commands/collect.ts")).addCollect,
  process: async () => (await import("./commands/process.ts")).addProcess,
  close: async () => (await import("./commands/close.ts")).addClose,
  notify: async () => (await import("./commands/notify.ts")).addNotify,
  topic: async () => (await import("./commands/topic.ts")).addTopic,
  audit: async () => (await import("./commands/audit.ts")).addAudit,
  detect: async () => (await import("./commands/detect.ts")).addDetect,
  backtest: async () => (await import("./commands/backtest.ts")).addBacktest,
  simulate: async () => (await import("./commands/simulate.ts")).addSimulate,
  sql: async () => (await import("./commands/sql.ts")).addSql,
  serve: async () => (await import("./commands/serve.ts")).addServe,
  templates: async () => (await import("./commands/templates.ts")).addTemplates,
  "dead-letters": async () => (await import("./commands/dead-letters.ts")).addDeadLetters,
  mask: async () => (await import("./commands/mask.ts")).addMask,
  erase: async () => (await import("./commands/erase.ts")).addErase,
  replay: async () => (await import("./commands/replay.ts")).addReplay,
  migrate: async () => (await import("./commands/migrate.ts")).addMigrate,
  config: async () => (await import("./commands/config.ts")).addConfig,
};

async function createProgram(exit: Exit, name: string | undefined): Promise<Command> {
  const program = new Command("weir")
    .description("Log lines in; exact SQL answers, windows and alerts out.")
    .exitOverride()
    .configureHelp({ helpWidth: 100 });
  const asked = name !== undefined && Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS);
  for (const load of asked) (await load())(program, exit);
  return program;
}

// What lives longer than a line lives outside of V8's heap. Its young generation would grow to 130 MB for nothing.
setFlagsFromString("--semi-space-growth-factor=1");

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const exit = { code: 0 };
  try {
    await (await createProgram(exit, process.argv[2])).parseAsync();
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
const code = await main();
// What a pipe has not taken yet would be lost.
for (const stream of [process.stdout, process.stderr])
  await new Promise((resolve) => stream.write("", () => resolve(null)));
process.exit(code);
