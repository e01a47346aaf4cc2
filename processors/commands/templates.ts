import { type Command, Option } from "commander";
import { WeirError } from "../model/errors.ts";
import type { Config } from "../runtime/config.ts";
import { table } from "../runtime/table.ts";
import { listFamilies } from "../services/list-families.ts";
import { writeTemplates } from "../services/templates.ts";
import { type CommonOptions, command, configOf, write } from "./command.ts";

/** `weir templates` */
export function addTemplates(program: Command): void {
  command(program, "templates")
    .description("list the stored messages by family; or write the template of every line of files, storing nothing")
    .argument("[file...]", "plain, gzip or zstd files")
    .addOption(new Option("-o, --output <dir>", "folder of the results: <name>.csv for each file"))
    .action(async (files: string[], options: CommonOptions & { output?: string }) => {
      const config = configOf(options);
      if (files.length === 0 && options.output === undefined) return write(await listText(config, options.json));
      if (files.length === 0 || options.output === undefined)
        throw new WeirError(
          "USAGE",
          "Files and --output belong together; name both, or neither to list what is stored.",
        );
      const results = await writeTemplates({ config, files, directory: options.output });
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

async function listText(config: Config, isJson: boolean | undefined): Promise<string> {
  const families = await listFamilies(config);
  if (isJson) return JSON.stringify(families);
  if (families.length === 0) return "No windows with messages are closed yet.";
  return table(
    families,
    [
      { title: "tenant", value: ({ tenant }) => tenant },
      { title: "service", value: ({ service }) => service },
      { title: "events", value: ({ events }) => events },
      { title: "templates", value: ({ templates }) => templates },
      { title: "last seen", value: ({ last_seen }) => last_seen },
      { title: "family", value: ({ family }) => family },
    ],
    { widthMax: 160 },
  );
}
