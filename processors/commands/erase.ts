import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { erase, receiptText } from "../services/erase.ts";
import { type CommonOptions, command, configOf, write } from "./command.ts";

interface EraseCommandOptions extends CommonOptions {
  readonly pseudonym?: string;
  readonly valueFromStdin?: boolean;
  readonly tenant: string;
  readonly dryRun?: boolean;
}

/** `weir erase` */
export function addErase(program: Command): void {
  command(program, "erase")
    .description("remove the events and dead letters of a subject, by its pseudonym, and give a receipt")
    .option("--pseudonym <pseudonym>", 'as it is stored, in quotes: "<email:0123456789abcdef>"')
    .option("--value-from-stdin", "the value itself, on standard input; arguments can be seen by others")
    .option("--tenant <tenant>", "whose data it is", "default")
    .option("--dry-run", "count, and change nothing")
    .action(async (options: EraseCommandOptions) => {
      const receipts = await erase({
        config: configOf(options),
        tenant: options.tenant,
        pseudonym: options.pseudonym ?? null,
        value: options.valueFromStdin === true ? await text(process.stdin) : null,
        dryRun: options.dryRun ?? false,
      });
      for (const receipt of receipts) write(options.json ? JSON.stringify(receipt) : receiptText(receipt));
    });
}
