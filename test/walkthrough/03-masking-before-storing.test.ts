import { describe, expect, it } from "vitest";
import { createMask } from "../../processors/mask/mask.ts";
import type { RecordBatch } from "../../processors/model/record.ts";
import { createPipeline, type EncodedBatch } from "../../processors/pipeline.ts";
import { createMemorySource } from "../support/memory-source.ts";

/*
 * Chapter 3: masking before storing.
 *
 * What is never stored can't leak. Personal data and credentials are replaced while a batch is in memory, after parsing
 * (so that a field's name is known) and before everything else, so that routes, templates and window keys are made of
 * masked text. The proof looks at the bytes that would go to ClickHouse.
 */

const SECRETS = ["ann@example.com", "4111 1111 1111 1111", "hunter2", "DE89370400440532013000"];
const LINES = [
  `{"time":"2026-03-02T12:00:00Z","level":"info","msg":"mail to ${SECRETS[0]}","password":"${SECRETS[2]}"}`,
  `{"time":"2026-03-02T12:00:01Z","level":"info","msg":"paid with ${SECRETS[1]}, refund to ${SECRETS[3]}"}`,
  // An escape: the columns don't give the line back exactly, so it is kept as it is.
  `{"time":"2026-03-02T12:00:02Z","level":"info","msg":"caf\\u00e9 of ${SECRETS[0]}"}`,
  `not JSON at all, but password=${SECRETS[2]}`,
];

async function read(lines: readonly string[]): Promise<RecordBatch> {
  const source = createMemorySource({ appendTimeUs: Date.UTC(2026, 2, 2, 12, 1) * 1000, format: "json" });
  source.append(lines);
  return (await source.read(0n, { recordsMax: 100, bytesMax: 1 << 20 }))!;
}

function encoded(records: RecordBatch, key: Uint8Array | null, tenant = "default"): EncodedBatch {
  const pipeline = createPipeline({
    parse: { format: "json", isDeclared: true, source: "app", tenant, service: "app" },
    rules: [{ name: "bodies", version: 1, windowSeconds: 60, groupBy: ["body"], distinct: "body", where: "all" }],
    maskOf: key === null ? null : (name) => createMask({ key, tenant: name }),
    countryOf: () => "",
    versions: { transform: "1", config: "1", lookup: "1" },
    rowsMax: 10,
  });
  const identity = {
    topic: "app",
    partition: 0,
    batchStart: 0n,
    batchEnd: records.nextOffset - 1n,
    run: 0,
    attempt: 0,
  };
  const stages = pipeline.run(records, identity);
  for (;;) {
    const { done, value } = stages.next();
    if (done) return value;
  }
}

/** Every byte of every insert of a batch. */
function bytesOf({ events, deadLetters, partials, ledger }: EncodedBatch): string {
  const blocks = [...events.map(({ block }) => block), deadLetters, partials, ledger];
  return Buffer.concat(blocks.flatMap((block) => block?.native ?? [])).toString("latin1");
}

const KEY = Buffer.alloc(32, 1);

describe("what is sent to ClickHouse", () => {
  it("holds no secret: not in a column, an attribute, a kept line, a window's key, nor a dead letter", async () => {
    const bytes = bytesOf(encoded(await read(LINES), KEY));
    for (const secret of SECRETS) expect(bytes).not.toContain(secret);
    expect(bytes).toContain("<secret>");
  });

  it("would hold every one of them without masking", async () => {
    const bytes = bytesOf(encoded(await read(LINES), null));
    for (const secret of SECRETS) expect(bytes).toContain(secret);
  });

  it("names the same address the same way in every batch, and otherwise in another tenant", async () => {
    const nameIn = (batch: EncodedBatch) => /<email:[0-9a-f]{16}>/.exec(bytesOf(batch))?.[0];
    const records = await read([LINES[0]]);
    const name = nameIn(encoded(records, KEY));
    expect(name).toBeDefined();
    expect(nameIn(encoded(await read([LINES[1], LINES[0]]), KEY))).toBe(name);
    expect(nameIn(encoded(records, KEY, "other"))).not.toBe(name);
    expect(nameIn(encoded(records, Buffer.alloc(32, 2)))).not.toBe(name);
  });
});
