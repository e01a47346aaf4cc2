import type { Command } from "commander";
import { openStore } from "../clickhouse/store.ts";
import { migrateStore, storeOptionsOf } from "../services/workplace.ts";
import { type CommonOptions, command, configOf, write } from "./command.ts";

/** `weir migrate` */
export function addMigrate(program: Command): void {
  command(program, "migrate")
    .description("bring the tables up to date")
    .action(async (options: CommonOptions) => {
      const config = configOf(options);
      const store = await openStore(storeOptionsOf(config));
      try {
        const done = await migrateStore(store, config);
        write(
          options.json
            ? JSON.stringify({ applied: done })
            : done.length === 0
              ? "The tables are up to date."
              : `Applied ${done.join(", ")}.`,
        );
      } finally {
        await store.close();
      }
    });
}
