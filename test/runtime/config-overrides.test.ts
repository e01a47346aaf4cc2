import { describe, expect, it } from "vitest";
import { generalVariables } from "../../processors/runtime/config-overrides.ts";
import { configJsonSchema } from "../../processors/runtime/config-schema.ts";
import { configOf, errorLinesOf } from "../support/config-of.ts";

const KEY = "0123456789abcdef".repeat(4);

describe("the environment", () => {
  it("wins over the file, under its short names", () => {
    const config = configOf("data: {directory: a}\nclickhouse: {url: 'http://file'}\nlog: {level: warn}", {
      env: {
        WEIR_MASK_KEY: KEY,
        WEIR_DATA: "b",
        WEIR_CLICKHOUSE_URL: "http://env:8123",
        WEIR_CLICKHOUSE_USER: "u",
        WEIR_CLICKHOUSE_PASSWORD: "12345",
        WEIR_LOG_LEVEL: "debug",
      },
    });
    expect(config.mask.keyHex).toBe(KEY);
    expect(config.data.directory).toBe("b");
    expect(config.clickhouse).toEqual({ url: "http://env:8123", username: "u", password: "12345", passwordFile: null });
    expect(config.log.level).toBe("debug");
  });

  it("sets any single value by section and key, as the type that the key has", () => {
    const config = configOf("batch: {records: 7, record_bytes: 2048}", {
      env: {
        WEIR_BATCH__RECORDS: "5000",
        WEIR_BATCH__BYTES: "65536",
        WEIR_MASK__ENABLED: "false",
        WEIR_MASK__RULES__EMAIL: "false",
        WEIR_RETENTION__DEAD_LETTERS: "3d",
        WEIR_CLICKHOUSE__PASSWORD: "true",
      },
    });
    expect(config.batch).toEqual({ recordsMax: 5000, bytesMax: 65_536, recordBytesMax: 2048 });
    expect(config.mask).toMatchObject({ enabled: false, rules: { email: false, jwt: true } });
    expect(config.retention.deadLettersDays).toBe(3);
    expect(config.clickhouse.password).toBe("true");
  });

  it("has a variable for every single value and for nothing else", () => {
    const names = [...generalVariables(configJsonSchema()).keys()];
    expect(names).toContain("WEIR_CLICKHOUSE__PASSWORD_FILE");
    expect(names).not.toContain("WEIR_SOURCES");
    expect(names.length).toBe(1 + 4 + 12 + 3 + 2 + 8 + 8 + 2 + 12 + 5 + 1 + 1 + 1);
  });

  it("sets one key only, also where the file shares a value by an alias", () => {
    const file = "sources: [{name: a}]\nmask: {rules: &r {}}\nlog: *r";
    const config = configOf(file, { env: { WEIR_MASK__RULES__EMAIL: "false" } });
    expect([config.mask.rules.email, config.log.level]).toEqual([false, "info"]);
  });

  it("loses to flags", () => {
    const config = configOf("", {
      env: { WEIR_DATA: "env", WEIR_LOG_LEVEL: "debug", WEIR_CLICKHOUSE_URL: "http://env" },
      flags: { data: "flag", logLevel: "error", url: "http://flag" },
    });
    expect([config.data.directory, config.log.level, config.clickhouse.url]).toEqual(["flag", "error", "http://flag"]);
  });

  it("is the short name where both are set", () => {
    expect(configOf("", { env: { WEIR_DATA: "short", WEIR_DATA__DIRECTORY: "long" } }).data.directory).toBe("short");
  });

  it("counts an empty variable as not set", () => {
    expect(configOf("data: {directory: a}", { env: { WEIR_DATA: "", WEIR_MASK_KEY: "" } })).toMatchObject({
      data: { directory: "a" },
      mask: { keyHex: null },
    });
  });

  it("replaces the file's password file by its password, and the other way round", () => {
    const withFile = configOf("clickhouse: {password_file: /nowhere}", { env: { WEIR_CLICKHOUSE_PASSWORD: "p" } });
    expect(withFile.clickhouse).toMatchObject({ password: "p", passwordFile: null });
    const withPassword = configOf("clickhouse: {password: p}", {
      env: { WEIR_CLICKHOUSE__PASSWORD_FILE: "/dev/null" },
    });
    expect(withPassword.clickhouse).toMatchObject({ password: "", passwordFile: "/dev/null" });
  });

  it("lets be what Kubernetes sets for services called weir and weir-clickhouse", () => {
    const env = {
      WEIR_PORT: "tcp://10.0.0.1:8080",
      WEIR_SERVICE_HOST: "10.0.0.1",
      WEIR_SERVICE_PORT: "8080",
      WEIR_PORT_8080_TCP: "tcp://10.0.0.1:8080",
      WEIR_CLICKHOUSE_PORT: "tcp://10.0.0.2:8123",
      WEIR_CLICKHOUSE_SERVICE_HOST: "10.0.0.2",
    };
    expect(configOf("", { env })).toEqual(configOf(""));
  });
});

describe("a problem in the environment or a flag is named with the variable or flag", () => {
  const secret = "hunter2hunter2";
  for (const [why, surroundings, line] of [
    [
      "a slip in a short name",
      { env: { WEIR_CLICKHOUSE_PASWORD: secret } },
      "WEIR_CLICKHOUSE_PASWORD: unknown variable; did you mean WEIR_CLICKHOUSE_PASSWORD?",
    ],
    [
      "an unknown long name",
      { env: { WEIR_X__Y: secret } },
      "WEIR_X__Y: unknown variable; weir config --schema lists the keys",
    ],
    [
      "a number that is none",
      { env: { WEIR_BATCH__RECORDS: "1e3" } },
      "WEIR_BATCH__RECORDS: batch.records: must be a number, but it is text",
    ],
    [
      "a switch that is none",
      { env: { WEIR_MASK__ENABLED: "1" } },
      "WEIR_MASK__ENABLED: mask.enabled: must be true or false, but it is text",
    ],
    [
      "a key that is none",
      { env: { WEIR_MASK_KEY: secret } },
      "WEIR_MASK_KEY: must be 64 to 1024 hexadecimal digits, an even number",
    ],
    [
      "a secret in an address",
      { env: { WEIR_CLICKHOUSE_URL: `http://u:${secret}@h` } },
      "WEIR_CLICKHOUSE_URL: clickhouse.url: is not a plain address; write it as in http://localhost:8123, without user, password or query",
    ],
    [
      "a flag",
      { flags: { logLevel: "wran" } },
      '--log-level: log.level: "wran" is not one of trace, debug, info, warn, error, silent; did you mean warn?',
    ],
  ] as const) {
    it(why, () => {
      const lines = errorLinesOf("", surroundings);
      expect(lines.slice(1)).toEqual([line]);
      expect(lines.join()).not.toContain(secret);
    });
  }
});
