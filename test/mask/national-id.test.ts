import { describe, expect, it } from "vitest";
import { kinds, makeMask } from "./make-mask.ts";

/* Ids that authorities publish as examples, or made up with a right check digit. */

describe("national ids", () => {
  it.each([
    ["ssn=123-45-6789", "ssn=<national_id>"],
    ['{"socialSecurityNumber":"123 45 6789"}', '{"socialSecurityNumber":"<national_id>"}'],
    ["NINO: AB123456C.", "NINO: <national_id>."],
    ["national insurance number AB 12 34 56 C", "national insurance number <national_id>"],
    ["born as RSSMRA85T10A562S in Rome", "born as <national_id> in Rome"],
    ["DNI 12345678Z ok", "DNI <national_id> ok"],
    ["nie=X1234567L", "nie=<national_id>"],
    ["patient 2 55 08 14 168 025 38.", "patient <national_id>."],
    ["nir=255081416802538", "nir=<national_id>"],
    ["Steuer-ID 86 095 742 719", "Steuer-ID <national_id>"],
    ["steuer_id=86095742719", "steuer_id=<national_id>"],
    ["PESEL: 44051401359", "PESEL: <national_id>"],
    ["bsn=111222333", "bsn=<national_id>"],
    ["for 529.982.247-25 paid", "for <national_id> paid"],
    ["cpf=52998224725", "cpf=<national_id>"],
    ["by 11.222.333/0001-81 today", "by <national_id> today"],
    ["cnpj=11222333000181", "cnpj=<national_id>"],
    ["personnummer 811228-9874", "personnummer <national_id>"],
    ["hetu=131052-308T", "hetu=<national_id>"],
  ])("in %s are masked", (text, masked) => {
    expect(kinds(text)).toBe(masked);
  });

  it.each([
    ["a wrong check digit", "cpf=52998224724 for 529.982.247-24"],
    ["a wrong check letter", "DNI 12345678A and RSSMRA85T10A562A"],
    ["a wrong key", "2 55 08 14 168 025 39"],
    ["an area that is not given", "ssn=000-45-6789 ssn=666-45-6789 ssn=900-45-6789"],
    ["a prefix that is not given", "nino=BG123456C"],
    ["no word beside a weak one", "123-45-6789 12345678Z 44051401359 111222333 811228-9874 131052-308T AB123456C"],
    ["something longer around it", "bsn=1112223334 x-529.982.247-25-7"],
    ["a month that does not exist", "pesel=44131401357"],
  ])("are not numbers with %s", (_, text) => {
    expect(makeMask().text(text)).toBe(text);
  });

  it("have one pseudonym in every spelling", () => {
    const mask = makeMask();
    const value = (text: string) => mask.text(text).match(/<.*>/)?.[0];
    expect(value("ssn 123-45-6789")).toBe(value("ssn 123 45 6789"));
    expect(value("529.982.247-25")).toBe(value("cpf 52998224725"));
    expect(value("rssmra85t10a562s")).toBe(value("RSSMRA85T10A562S"));
  });

  it("are known by the key of a value, too", () => {
    expect(makeMask().value("user.ssn", "123-45-6789")).toMatch(/^<national_id:/);
    expect(makeMask().value("user.part", "123-45-6789")).toBe("123-45-6789");
  });
});
