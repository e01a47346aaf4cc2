import { describe, expect, it } from "vitest";
import { kinds, makeMask } from "./make-mask.ts";

describe("IBANs", () => {
  it.each([
    ["to DE89370400440532013000.", "to <iban>."],
    ["DE89 3704 0044 0532 0130 00 paid", "<iban> paid"],
    ["GB29 NWBK 6016 1331 9268 19", "<iban>"],
    ["fr1420041010050500013m02606", "<iban>"],
    ["iban=NO9386011117947&x=1", "iban=<iban>&x=1"],
    ["iban%3DDE89%203704%200044%200532%200130%2000", "iban%3D<iban>"],
    [String.raw`{"t":"x\tDE89370400440532013000"}`, String.raw`{"t":"x\t<iban>"}`],
    ["MT84MALT011000012345MTLCAST001S", "<iban>"],
  ])("%s is masked", (text, masked) => expect(kinds(text)).toBe(masked));

  it.each([
    ["DE88370400440532013000", "the check digits are wrong"],
    ["DE8937040044053201300", "one character is missing"],
    ["DE893704004405320130001", "one character too many"],
    ["XX89370400440532013000", "no such country"],
    ["ADE89370400440532013000", "joined to a letter"],
    ["DE89 37040044 0532 0130 00", "groups that aren't four"],
    ["SE10 AT20 BE16", "codes"],
  ])("%s stays: %s", (text) => expect(kinds(text)).toBe(text));

  it("every spelling has one pseudonym", () => {
    const { text } = makeMask();
    const spellings = ["DE89370400440532013000", "de89 3704 0044 0532 0130 00", "DE89-3704-0044-0532-0130-00"];
    expect(new Set(spellings.map((spelling) => text(spelling))).size).toBe(1);
  });
});
