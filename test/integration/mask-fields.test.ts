import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { runSql } from "../../processors/services/sql.ts";
import { bytesUnder } from "./planted.ts";
import { ask, askValue, loadInto, makeFolder } from "./workbench.ts";

const YAML = `
mask:
  deny: [user_id, attributes.ssn, attributes.person]
  allow: [attributes.order_id]
  patterns: [{name: room, pattern: "room ([0-9]{3})"}]
`;
const ORDER = "4111111111111111";

/** Lines with values that look like nothing; each value of a denied field occurs nowhere but there and where it must go too. */
function lines(): { json: string[]; logfmt: string[]; combined: string[]; secrets: string[] } {
  const secrets: string[] = [];
  const secret = (name: string) => {
    secrets.push(`${name}zq${secrets.length}`);
    return secrets.at(-1) as string;
  };
  const json = [
    JSON.stringify({ message: "plain", user_id: secret("uid"), ssn: secret("ssn"), order_id: ORDER }),
    JSON.stringify({
      message: "nested",
      user: { id: secret("uid") },
      person: { name: secret("name"), tags: [secret("tag")] },
    }),
    `{"message" : "kept \\u0041", "ssn" : "${secret("ssn")}", "order_id":"${ORDER}"}`,
    `{"message":"cut","person":{"name":"${secret("name")}","ssn":"${secret("ssn")}`,
    `not json: ssn=${secret("ssn")} {"ssn":["${secret("list")}"]}`,
  ];
  const shared = secret("shared");
  json.push(
    JSON.stringify({
      message: `user ${shared} came to room 417`,
      user_id: shared,
      note: `again ${shared}`,
      path: `/u/${shared}`,
    }),
  );
  json.push(`{"message":"twice\\u0020","user_id":"${shared}","n":1}`);
  const logfmt = [
    `level=info msg="hello" user_id=${secret("uid")} ssn="${secret("ssn")} x" order_id=${ORDER}`,
    `level=info msg="person.name=${secret("name")} is here" n=1`,
  ];
  const combined = [
    `198.51.100.7 - ${secret("user")} [02/Mar/2026:10:00:00 +0000] "GET /a?ssn=${secret("ssn")}&x=1 HTTP/1.1" 200 12 "-" "agent"`,
  ];
  return { json, logfmt, combined, secrets };
}

async function contentOf(data: string): Promise<string> {
  const pieces: Buffer[] = [];
  for (const what of ["*, line FROM events", "* FROM dead_letters", "* EXCEPT (distinct_state) FROM partials"]) {
    const out = new PassThrough();
    out.on("data", (bytes: Buffer) => pieces.push(bytes));
    await runSql({ dataDir: data, query: `SELECT ${what}`, format: "TSVRaw", write: false, out });
  }
  return Buffer.concat(pieces).toString("latin1");
}

describe("fields that are denied", { timeout: 240_000 }, () => {
  it("are in no column, kept line, dead letter or file; those that are allowed are in all of them", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const { json, logfmt, combined, secrets } = lines();
    for (const [name, text] of Object.entries({ json, logfmt, combined })) {
      writeFileSync(join(folder, `${name}.log`), `${text.join("\n")}\n`);
    }
    await loadInto(
      data,
      ["json", "logfmt", "combined"].map((name) => join(folder, `${name}.log`)),
      { yaml: YAML },
    );
    const total = json.length + logfmt.length + combined.length;
    expect(await askValue(data, "SELECT count() FROM events")).toBe(total);
    const content = await contentOf(data);
    expect(secrets.filter((value) => content.includes(value))).toEqual([]);
    const bytes = bytesUnder(data).toString("latin1");
    expect(secrets.filter((value) => bytes.includes(value))).toEqual([]);

    const [plain] = await ask<Record<string, string>>(
      data,
      "SELECT line, user_id, attributes['ssn'] AS ssn, attributes['order_id'] AS order_id FROM events WHERE body = 'plain'",
    );
    expect(plain.user_id).toMatch(/^<user_id:[0-9a-f]{16}>$/);
    expect(plain.ssn).toMatch(/^<ssn:[0-9a-f]{16}>$/);
    expect(plain.order_id).toBe(ORDER);
    expect(plain.line).toContain(ORDER);
    expect(JSON.parse(plain.line)).toMatchObject({ user_id: plain.user_id, ssn: plain.ssn });
    expect(
      await askValue(data, `SELECT countSubstrings(arrayStringConcat(groupArray(line)), '${ORDER}') FROM events`),
    ).toBe(3);
    expect(await askValue(data, "SELECT body FROM events WHERE body LIKE 'user %'")).toMatch(
      /^user <user_id:[0-9a-f]{16}> came to room <room:[0-9a-f]{16}>$/,
    );
  });

  it("are not in dead letters", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const { combined, logfmt, secrets } = lines();
    const file = join(folder, "x.log");
    writeFileSync(file, `${[...combined, ...logfmt].join("\n")}\n`);
    await loadInto(data, [file], { yaml: YAML, format: "json" });
    expect(await askValue(data, "SELECT count() FROM dead_letters WHERE payload = '<payload:withheld>'")).toBe(3);
    const bytes = bytesUnder(data).toString("latin1");
    expect(secrets.filter((value) => bytes.includes(value))).toEqual([]);
  });
});
