import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openReceivers } from "../../processors/services/alert-receivers.ts";
import { configOf, inFolder } from "../support/config-of.ts";
import { createFakeClock } from "../support/fake-clock.ts";

function openWith(secret: string) {
  return inFolder((folder) => {
    const file = join(folder, "secret");
    writeFileSync(file, `${secret}\n`);
    const receiver = `{name: r, type: webhook, url: "https://example.org", secret_file: ${JSON.stringify(file)}}`;
    return openReceivers(configOf(`alerts: {receivers: [${receiver}]}`), createFakeClock(0));
  });
}

describe("a webhook's secret", () => {
  const bytes = Buffer.alloc(24, 7).toString("base64");

  it.each([bytes, `whsec_${bytes}`, `whsec_${Buffer.alloc(25, 7).toString("base64")}`])("may be %s", (secret) => {
    expect(openWith(secret)).toHaveLength(1);
  });

  it.each(["!!!!", "a plain password of many characters", "whsec_c2hvcnQ=", Buffer.alloc(65).toString("base64")])(
    "that would be no key, or a short one, is refused and not shown: %s",
    (secret) => {
      expect(() => openWith(secret)).toThrow(/24 to 64 bytes/);
      expect(() => openWith(secret)).not.toThrow(secret);
    },
  );
});
