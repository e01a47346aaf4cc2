#!/usr/bin/env node
// Runs the program with a Node.js that runs TypeScript as it is: this one if it is new enough, else the one that the
// package brings (optional dependency node-<platform>-<architecture>). Plain JavaScript, so that an old Node.js can read it.
import { spawn } from "node:child_process";
import module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const main = join(dirname(fileURLToPath(import.meta.url)), "../processors/main.ts");

function bundledNode() {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`)), "bin/node");
  } catch {
    return null;
  }
}

if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) {
  // What was made of the TypeScript once is read the next time: half of the start. Where nothing can be written, nothing is.
  module.enableCompileCache(join(dirname(main), "../node_modules/.cache/weir"));
  await import(main);
} else {
  const node = bundledNode();
  if (node === null) {
    console.error(
      `weir: Node.js ${process.versions.node} is too old and no newer one comes for ${process.platform}-${process.arch}; install Node.js ${NODE_MAJOR_MIN} or newer. [USAGE]`,
    );
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}
