import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Session } from "chdb";
import type { ShopKind } from "./input.ts";
import type { RivalMethod } from "./options.ts";
import { eventsTable, rivalInsert } from "./rival.ts";

/*
 * The rival's process: `engine-alone.ts DIR FILE KIND METHOD` fills DIR, where `weir sql --data DIR` finds the table, and
 * writes how long the insert took, as {"seconds":n}.
 */

const [dir, file, kind, method] = process.argv.slice(2);
const path = join(dir, "store");
mkdirSync(path, { recursive: true });
const session = new Session(path);
await session.queryAsync("CREATE DATABASE weir");
await session.queryAsync("USE weir");
await session.queryAsync(eventsTable());
const startedMs = performance.now();
await session.queryAsync(rivalInsert(kind as ShopKind, method as RivalMethod, file));
const seconds = (performance.now() - startedMs) / 1000;
session.close();
process.stdout.write(JSON.stringify({ seconds }));
