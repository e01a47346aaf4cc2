import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isKeyText, loadKey, loadMaskKey, loadOrCreateKey } from "../../processors/runtime/secret-key.ts";
import { configOf, inFolder } from "../support/config-of.ts";

const HEX = "00112233445566778899aabbccddeeff".repeat(2);
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** A key file with such content and mode, whatever the umask. */
function keyFile(folder: string, content: string, permissions = 0o600): string {
  const path = join(folder, "mask.key");
  writeFileSync(path, content);
  chmodSync(path, permissions);
  return path;
}

describe("a key that isn't there yet", () => {
  it("is made with 32 bytes, for its owner only, and nothing beside it", () => {
    inFolder((folder) => {
      const path = join(folder, "keys", "mask.key");
      const key = loadOrCreateKey(path);
      expect(key.length).toBe(32);
      expect(readFileSync(path, "latin1")).toBe(`${key.toString("hex")}\n`);
      expect([mode(path), mode(join(folder, "keys"))]).toEqual(["600", "700"]);
      expect(readdirSync(join(folder, "keys"))).toEqual(["mask.key"]);
    });
  });

  it("is the same the next time, and another elsewhere", () => {
    inFolder((folder) => {
      const first = loadOrCreateKey(join(folder, "a"));
      expect(loadOrCreateKey(join(folder, "a"))).toEqual(first);
      expect(loadOrCreateKey(join(folder, "b"))).not.toEqual(first);
    });
  });

  it("can't be made where a file stands in for the folder", () => {
    inFolder((folder) => {
      writeFileSync(join(folder, "keys"), "");
      expect(() => loadOrCreateKey(join(folder, "keys", "mask.key"))).toThrow(
        expect.objectContaining({ code: "CONFIG_UNREADABLE" }),
      );
    });
  });

  it("is not made where a link leads nowhere", () => {
    inFolder((folder) => {
      symlinkSync(join(folder, "gone"), join(folder, "mask.key"));
      expect(() => loadOrCreateKey(join(folder, "mask.key"))).toThrow("can't be read (ENOENT)");
      expect(readdirSync(folder)).toEqual(["mask.key"]);
    });
  });
});

describe("a key that is there", () => {
  for (const permissions of [0o600, 0o400, 0o440, 0o640]) {
    it(`is taken with mode ${permissions.toString(8)}`, () => {
      inFolder((folder) => expect(loadKey(keyFile(folder, HEX, permissions)).toString("hex")).toBe(HEX));
    });
  }

  for (const permissions of [0o644, 0o604, 0o602, 0o601, 0o660]) {
    it(`is refused with mode ${permissions.toString(8)}`, () => {
      inFolder((folder) => {
        const path = keyFile(folder, HEX, permissions);
        expect(() => loadOrCreateKey(path)).toThrow(
          expect.objectContaining({
            code: "CONFIG_INVALID",
            message: `The key file ${path} is open to other users (mode 0${permissions.toString(8)}); run chmod 600 on it, and replace the key if others may have read it.`,
          }),
        );
      });
    });
  }

  for (const [why, content] of [
    ["empty", ""],
    ["too short", HEX.slice(2)],
    ["of an odd number of digits", `${HEX}0`],
    ["not hexadecimal", `${HEX.slice(1)}g`],
    ["in two lines", `${HEX}\n${HEX}`],
  ] as const) {
    it(`is refused when it is ${why}, without being shown or replaced`, () => {
      inFolder((folder) => {
        const path = keyFile(folder, content);
        expect(() => loadOrCreateKey(path)).toThrow(
          expect.objectContaining({
            code: "CONFIG_INVALID",
            message: `The key file ${path} holds no key (64 to 1024 hexadecimal digits, an even number); restore it from a backup, or remove it to start with a new key.`,
          }),
        );
        expect(readFileSync(path, "latin1")).toBe(content);
      });
    });
  }

  it("may be longer than 32 bytes, up to 512", () => {
    expect([isKeyText(HEX), isKeyText(HEX.repeat(16)), isKeyText(`${HEX.repeat(16)}00`)]).toEqual([true, true, false]);
  });
});

describe("the key of pseudonyms", () => {
  it("comes from the environment before the file, and from the file before the folder of data", () => {
    inFolder((folder) => {
      const data = join(folder, "data");
      mkdirSync(data);
      const file = `mask: {key_file: ${keyFile(folder, HEX)}}\ndata: {directory: ${data}}`;
      const other = "f".repeat(64);
      expect(loadMaskKey(configOf(file, { env: { WEIR_MASK_KEY: other } })).toString("hex")).toBe(other);
      expect(loadMaskKey(configOf(file)).toString("hex")).toBe(HEX);
      expect(readdirSync(data)).toEqual([]);
      const made = loadMaskKey(configOf(`data: {directory: ${data}}`));
      expect(readFileSync(join(data, "keys", "mask.key"), "latin1").trim()).toBe(made.toString("hex"));
    });
  });

  it("is not made where a key file is named but missing", () => {
    inFolder((folder) => {
      const config = configOf(`mask: {key_file: ${folder}/gone}`);
      expect(() => loadMaskKey(config)).toThrow(
        `The key file ${folder}/gone can't be read (ENOENT); check the path and its permissions.`,
      );
    });
  });
});
