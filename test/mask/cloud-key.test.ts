import { describe, expect, it } from "vitest";
import { makeMask } from "./make-mask.ts";

const A = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6h";

describe("keys of clouds and code hosts", () => {
  it.each([
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    `AIza${A.slice(0, 35)}`,
    `ghp_${A.slice(0, 36)}`,
    `github_pat_${A.slice(0, 22)}_${A}`,
    `glpat-${A.slice(0, 20)}`,
    `xoxb-123456789012-123456789012-${A.slice(0, 24)}`,
    `sk_live_${A.slice(0, 24)}`,
    `npm_${A.slice(0, 36)}`,
    `sk-${A}`,
    `sk-ant-api03-${A}`,
    `SG.${A.slice(0, 22)}.${A}abc`,
  ])("such as %s are masked whole, wherever they stand", (key) => {
    const mask = makeMask();
    for (const text of ["%", "used % twice", '{"a":"%"}', "x=%&y=1", "(%)", "a\\n%"]) {
      expect(mask.text(text.replace("%", key))).toBe(text.replace("%", "<secret>"));
    }
  });

  it("of storage accounts are masked by their key", () => {
    const text = `AccountName=a;AccountKey=${A}${A}abcdef==;EndpointSuffix=core.windows.net`;
    expect(makeMask().text(text)).toBe("AccountName=a;AccountKey=<secret>;EndpointSuffix=core.windows.net");
    const signature = `${A}abc%3D`;
    expect(makeMask().text(`GET /c?sv=2022&sig=${signature}&se=1`)).toBe("GET /c?sv=2022&sig=<secret>&se=1");
  });

  it.each([
    "AKIA is a prefix, AKIAIOSFODNN7EXAMPL too short",
    "XAKIAIOSFODNN7EXAMPLE",
    "npm_config_registry=https://registry.example.org",
    "sk-loading-indicator-with-a-very-long-class-name-12",
    "sig=11 signal",
    "ghp_short",
    "SG.1.2",
  ])("are not what is in %s", (text) => {
    expect(makeMask().text(text)).toBe(text);
  });
});

describe("private keys", () => {
  const body = `${A}${A}`.slice(0, 64);
  const pem = (label: string) => `-----BEGIN ${label}-----\n${body}\n${body}\n-----END ${label}-----`;

  it.each(["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])(
    "with the label %s are masked from their first line to their last",
    (label) => {
      expect(makeMask().text(`a ${pem(label)} b`)).toBe("a <secret> b");
      expect(makeMask().text(JSON.stringify({ a: pem(label), n: 1 }))).toBe('{"a":"<secret>","n":1}');
    },
  );

  it("are masked to where the text was cut off", () => {
    expect(makeMask().text(pem("PRIVATE KEY").slice(0, 100))).toBe("<secret>");
    expect(makeMask().text(`{"a":"${pem("PRIVATE KEY").slice(0, 100)}","n":1}`)).toBe('{"a":"<secret>","n":1}');
    expect(makeMask().text("x -----BEGIN PRIVATE KEY-----")).toBe("x <secret>");
  });

  it("are masked without their first line, as long as they begin as keys do", () => {
    const rest = `MIIEpAIBAAKCAQEA${body}\n${body}\n-----END RSA PRIVATE KEY-----`;
    expect(makeMask().text(rest)).toBe("<secret> RSA PRIVATE KEY-----");
  });

  it("are not certificates and public keys", () => {
    for (const label of ["CERTIFICATE", "PUBLIC KEY"]) {
      expect(makeMask().text(pem(label))).toBe(pem(label));
    }
  });

  it("take linear time, however often one begins", () => {
    const text = `-----BEGIN PRIVATE KEY-----"`.repeat(5000);
    expect(makeMask().text(text)).toBe('<secret>"'.repeat(5000));
  });
});
