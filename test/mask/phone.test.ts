import { describe, expect, it } from "vitest";
import { kinds, makeMask } from "./make-mask.ts";

describe("phone numbers", () => {
  it.each([
    ["call +49 30 1234567 now", "call <phone> now"],
    ["call +49 (0)30 1234567", "call <phone>"],
    ["+14155552671", "<phone>"],
    ["+1 415 555 2671 200 OK", "<phone> 200 OK"],
    ["from (415) 555-2671, ok", "from <phone>, ok"],
    ["from 415-555-2671, ok", "from <phone>, ok"],
    ['{"phone":"030 1234567"}', '{"phone":"<phone>"}'],
    ['{"phone":5551234567}', '{"phone":<phone>}'],
    ["mobile_number=01711234567 n=1", "mobile_number=<phone> n=1"],
    ["Tel. 06 12 34 56 78", "Tel. <phone>"],
    ["GET /a?to=%2B4915112345678&x=1", "GET /a?to=<phone>&x=1"],
  ])("in %s are masked", (text, masked) => {
    expect(kinds(text)).toBe(masked);
  });

  it.each([
    "1764000000",
    "1764000000123",
    "time=2026-03-02 10:00:00 +1200 1234567",
    '[02/Mar/2026:10:00:00 +0200] "GET / HTTP/1.1" 200',
    "offset +0530 and +12:45",
    "delta=+123456789",
    "+999 1234567890",
    "+1 115 555 2671",
    "build 10.12.1234 of 2026-03-02",
    "id 030 1234567",
    "415-555-26711",
    "0.415-555-2671",
    "phone=12345",
    "phone_id=1234567890",
    "a1b2+4915112345670/x",
    "+49151123456789012345",
    "192.168.100.200:8080",
  ])("are not what is in %s", (text) => {
    expect(makeMask().text(text)).toBe(text);
  });

  it("have one pseudonym in every spelling", () => {
    const mask = makeMask();
    const spellings = ["+49 30 1234567", "+49-30-1234567", "+49 (30) 1234567", "+49301234567"];
    expect(new Set(spellings.map((spelling) => mask.text(spelling))).size).toBe(1);
    expect(mask.text("(415) 555-2671")).toBe(mask.text("+1 415 555 2671"));
  });

  it("are known by the key of a value, too", () => {
    expect(makeMask().value("phone", "0301234567")).toMatch(/^<phone:/);
    expect(makeMask().value("order", "0301234567")).toBe("0301234567");
  });
});
