import type { Command } from "commander";
import { isTerminal } from "../runtime/terminal.ts";
import { runSql } from "../services/sql.ts";
import { storeOptionsOf } from "../services/workplace.ts";
import { type CommonOptions, command, configOf } from "./command.ts";

/** `weir sql` */
export function addSql(program: Command): void {
  command(program, "sql")
    .description("run one query over the data, also while another process holds the store")
    .argument("<query>")
    .option(
      "--format <format>",
      "a ClickHouse output format (default: a table, PrettyCompact; with --json JSONEachRow)",
    )
    .option("--write", "allow statements that write")
    .action(async (query: string, options: CommonOptions & { format?: string; write?: boolean }) => {
      const pretty = isTerminal(process.stdout) ? "PrettyCompact" : "PrettyCompactNoEscapes";
      const format = options.format ?? (options.json ? "JSONEachRow" : pretty);
      await runSql({
        ...storeOptionsOf(configOf(options)),
        query,
        format,
        write: options.write ?? false,
        out: process.stdout,
      });
    });
}
