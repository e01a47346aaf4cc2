import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Long enough for a slow machine that does other things as well; no test waits for it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each worker may hold an engine of 300 MB.
    maxWorkers: 2,
  },
});
