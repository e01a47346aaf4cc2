import { rm } from "node:fs/promises";
import { afterAll, beforeAll } from "vitest";
import { type EmbeddedClickHouse, openEmbedded } from "../../processors/clickhouse/embedded.ts";
import { type Endpoint, startEndpoint } from "../../processors/clickhouse/endpoint.ts";
import { readEndpointFile } from "../../processors/clickhouse/endpoint-file.ts";
import { openRemote } from "../../processors/clickhouse/remote.ts";
import { clickhouseContract } from "../contract/clickhouse.ts";
import { makeFolder } from "./folder.ts";

let folder: string;
let embedded: EmbeddedClickHouse;
let endpoint: Endpoint;

beforeAll(async () => {
  folder = await makeFolder();
  embedded = await openEmbedded(folder);
  endpoint = await startEndpoint(embedded, folder);
});

afterAll(async () => {
  await endpoint.close();
  await embedded.close();
  await rm(folder, { recursive: true, force: true });
});

clickhouseContract("embedded ClickHouse", async () => ({
  insert: (block) => embedded.insert(block),
  query: (sql, parameters) => embedded.query(sql, parameters),
  command: (sql, parameters) => embedded.command(sql, parameters),
  queryText: (sql, format, options) => embedded.queryText(sql, format, options),
  close: async () => {},
}));

clickhouseContract("ClickHouse over HTTP", async () => {
  const file = await readEndpointFile(folder);
  return openRemote(endpoint.url, { username: "writer", password: file!.users.writer });
});
