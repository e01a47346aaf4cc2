import type { Command } from "commander";
import { table } from "../runtime/table.ts";
import { writeTemplates } from "../services/templates.ts";
import { type CommonOptions, command, configOf, write } from "./command.ts";

/** `weir templates` */
export function addTemplates(program: Command): void {
  command(program, "templates")
    .description("write the template of every line of files, storing nothing")
    .argument("<file...>", "plain, gzip or zstd files")
    .requiredOption("-o, --output <dir>", "folder of the results: <name>.csv for each file")
    .action(async (files: string[], options: CommonOptions & { output: string }) => {
      const results = await writeTemplates({ config: configOf(options), files, directory: options.output });
      const text = table(results, [
        { title: "file", value: ({ file }) => file },
        { title: "format", value: ({ format }) => format },
        { title: "lines", value: ({ lines }) => lines },
        { title: "templates", value: ({ templates }) => templates },
        { title: "written to", value: ({ written }) => written },
      ]);
      write(options.json ? JSON.stringify(results) : text);
    });
}
