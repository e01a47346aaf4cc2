import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const shared = {
  // Long enough for a slow machine that does other things as well; no test waits for it.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  // As bin/weir.js does, for processes that tests start.
  env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/weir", import.meta.url)) },
};

export default defineConfig({
  test: {
    // Each worker may hold an engine of 300 MB.
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: "weir", include: ["test/**/*.test.ts"], exclude: ["test/kafka/**"] } },
      {
        test: {
          ...shared,
          name: "kafka",
          include: ["test/kafka/**/*.test.ts"],
          globalSetup: ["test/support/kafka-setup.ts"],
        },
      },
    ],
  },
});
