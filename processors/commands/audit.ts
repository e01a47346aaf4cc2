import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { audit } from "../services/audit.ts";
import { auditJson, auditText } from "../services/audit-report.ts";
import { type CommonOptions, command, configOf, type Exit, write } from "./command.ts";

const EXIT_WRONG = 1;

/** `weir audit` */
export function addAudit(program: Command, exit: Exit): void {
  command(program, "audit")
    .description("compare ledger, tables and commits: is every record accounted for, once")
    .action(async (options: CommonOptions) => {
      const report = await audit({ config: configOf(options), clock: systemClock });
      write(options.json ? auditJson(report) : auditText(report));
      if (report.findings.length > 0) exit.code = EXIT_WRONG;
    });
}
