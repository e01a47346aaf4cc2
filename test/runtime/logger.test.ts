import { describe, expect, it } from "vitest";
import { WeirError } from "../../processors/model/errors.ts";
import { createLogger, type LoggerOptions } from "../../processors/runtime/logger.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { createFakeOutput } from "../support/fake-output.ts";

const START_MS = Date.UTC(2024, 4, 6, 12, 3, 4, 56);

function makeLogger(options: Partial<LoggerOptions> = {}, isTerminal = false) {
  const output = createFakeOutput(isTerminal ? {} : null);
  const logger = createLogger({ level: "info", output, clock: createFakeClock(START_MS * 1000), ...options });
  return { logger, written: output.written, last: () => JSON.parse(output.written.at(-1)!) };
}

const BUSY = new WeirError("STORE_BUSY", "The store is busy.", { cause: new Error("EAGAIN") });

describe("a line of the log", () => {
  it("is one JSON object: level, time, fields, message", () => {
    const { logger, written } = makeLogger();
    logger.info({ rows: 3, offset: 12345678901234567890n }, "Batch written.");
    expect(written).toEqual([
      '{"level":"info","time":"2024-05-06T12:03:04.056Z","rows":3,"offset":"12345678901234567890","message":"Batch written."}\n',
    ]);
  });

  it("is left out below the level", () => {
    const { logger, written } = makeLogger({ level: "warn" });
    logger.info({}, "Quiet.");
    logger.warn({}, "Loud.");
    expect(written.length).toBe(1);
    const silent = makeLogger({ level: "silent" });
    silent.logger.error({}, "Nothing.");
    expect(silent.written).toEqual([]);
  });

  it("has an expected error's code and cause and no stack", () => {
    const { logger, last } = makeLogger();
    logger.error({ err: BUSY }, "Insert failed.");
    expect(last().err).toEqual({
      code: "STORE_BUSY",
      retriable: true,
      message: "The store is busy.",
      cause: { type: "Error", message: "EAGAIN", stack: expect.stringContaining("Error: EAGAIN\n") },
    });
  });

  it("has any other error's type, code and stack, wherever it stands", () => {
    const { logger, last } = makeLogger();
    logger.error({ attempt: { error: Object.assign(new TypeError("no"), { code: "E_NO" }) } }, "Failed.");
    expect(last().attempt.error).toEqual({
      type: "TypeError",
      code: "E_NO",
      message: "no",
      stack: expect.stringContaining("TypeError: no\n"),
    });
    logger.error({ err: new WeirError("INTERNAL", "A bug.") }, "Failed.");
    expect(last().err.stack).toContain("A bug.");
  });

  it("survives what can't be written as JSON", () => {
    const { logger, last } = makeLogger();
    const round: Record<string, unknown> = {};
    round["self"] = round;
    logger.info({ round, bytes: new Uint8Array(3) }, "Odd.");
    expect(last().bytes).toBe("[3 bytes]");
    expect(JSON.stringify(last().round)).toContain("[too deep]");
  });

  for (const name of [
    "password",
    "Authorization",
    "key",
    "maskKey",
    "keyHex",
    "mask_key",
    "x-clickhouse-key",
    "apiKey",
    "client_secret",
    "Cookie",
    "accessToken",
  ]) {
    it(`hides the field ${name} at any depth`, () => {
      const { logger, written } = makeLogger();
      logger.info({ [name]: "hunter2", request: { headers: [{ [name]: { value: "hunter2" } }] } }, "Sent.");
      expect(written[0].match(/\[redacted\]/g)?.length).toBe(2);
      expect(written[0]).not.toContain("hunter2");
    });
  }

  for (const name of ["token", "keys", "monkey", "keyspace", "tokens", "key_file"]) {
    it(`shows the field ${name}`, () => {
      const { logger, last } = makeLogger();
      logger.info({ [name]: "x" }, "Sent.");
      expect(last()[name]).toBe("x");
    });
  }

  it("hides user and password of an address in fields, messages and errors", () => {
    const { logger, written } = makeLogger();
    const address = "http://user:hunter2@db:8123/x";
    logger.warn({ url: address, err: new Error(`no answer from ${address}`) }, `Asked ${address}.`);
    expect(written[0]).not.toContain("hunter2");
    expect(JSON.parse(written[0]).url).toBe("http://[redacted]@db:8123/x");
  });

  it("has no raw control, C1 or bidirectional character, and is still the same text", () => {
    const { logger, written, last } = makeLogger();
    const evil = "\x1b[31m\r\n\x07\x7f\x9b\u202e\u2028\u{e0041}";
    logger.info({ [evil]: evil }, evil);
    expect(written[0]).toMatch(/^[\x20-\x7e]*\n$/);
    expect(last()[evil]).toBe(evil);
    expect(last().message).toBe(evil);
  });
});

describe("a line for people", () => {
  const at = new Date(START_MS).toTimeString().slice(0, 8);

  it("is time, level, sentence and fields", () => {
    const { logger, written } = makeLogger({}, true);
    logger.warn({ rows: 3, file: "a b.log", path: "/x", list: [1, "y"] }, "Batch written.");
    expect(written).toEqual([`${at} warn  Batch written. rows=3 file="a b.log" path=/x list=[1,"y"]\n`]);
  });

  it("is JSON when asked for", () => {
    const { logger, last } = makeLogger({ json: true }, true);
    logger.info({}, "Started.");
    expect(last().message).toBe("Started.");
  });

  it("has colours only when wanted", () => {
    const { logger, written } = makeLogger({ colored: true }, true);
    logger.error({ a: 1 }, "Failed.");
    expect(written).toEqual([`${at} \x1b[31merror\x1b[0m Failed. \x1b[2ma=1\x1b[0m\n`]);
  });

  it("has an expected error's fields in the line, and another's stack below it", () => {
    const { logger, written } = makeLogger({}, true);
    logger.error({ err: new WeirError("STORE_BUSY", "The store is busy.") }, "Insert failed.");
    expect(written[0]).toBe(`${at} error Insert failed. code=STORE_BUSY retriable=true error="The store is busy."\n`);
    logger.error({ err: new Error("bug") }, "Failed.");
    expect(written[1]).toMatch(/^[0-9:]+ error Failed\. type=Error error=bug\n {2}Error: bug\n {6}at /);
  });

  it("can't be used to steer the terminal or to fake a second line", () => {
    const { logger, written } = makeLogger({}, true);
    logger.info({ "\x1bk": "a\n12:00:00 error Fake.\x1b[2J\u202e" }, "Line\r\x9b.");
    expect(written).toEqual([`${at} info  Line\\r\\x9b. \\x1bk="a\\n12:00:00 error Fake.\\x1b[2J\\u{202e}"\n`]);
  });
});
