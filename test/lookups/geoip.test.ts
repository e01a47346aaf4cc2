import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Geoip, openGeoip } from "../../processors/lookups/geoip.ts";

describe("openGeoip", () => {
  let geoip: Geoip;
  beforeAll(async () => {
    geoip = await openGeoip();
  });

  it.each([
    ["8.8.8.8", "US"],
    ["193.0.6.139", "NL"],
    ["2001:4860:4860::8888", "US"],
    ["2001:67c:2e8:22::c100:68b", "NL"],
  ])("%s is registered in %s", (address, country) => {
    expect(geoip.countryOf(address)).toBe(country);
  });

  it.each([
    ["10.1.2.3", "private"],
    ["172.16.0.1", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "shared by a provider"],
    ["127.0.0.1", "loopback"],
    ["169.254.1.1", "link-local"],
    ["192.0.2.1", "documentation"],
    ["198.51.100.7", "documentation"],
    ["203.0.113.9", "documentation"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["0.0.0.0", "unspecified"],
    ["::1", "loopback"],
    ["fe80::1", "link-local"],
    ["fd00::1", "private"],
    ["2001:db8::1", "documentation"],
    ["ff02::1", "multicast"],
  ])("%s has no country: %s", (address) => {
    expect(geoip.countryOf(address)).toBe("");
  });

  it.each([
    "",
    "-",
    "localhost",
    "shop.example.com",
    "8.8.8.8:80",
    "[2001:4860:4860::8888]",
    "2001:4860:4860::8888%eth0",
    "::ffff:8.8.8.8",
    "::ffff:808:808",
    "8.8.8",
    "8.8.8.8.8",
    "08.8.8.8",
    " 8.8.8.8",
    "8.8.8.8, 1.1.1.1",
  ])("%j is no plain address and has no country", (address) => {
    expect(geoip.countryOf(address)).toBe("");
  });

  it("answers with two capital letters or nothing, whatever it is asked", () => {
    const unit = fc.oneof(fc.constantFrom(..."0123456789abcdef.:%[]"), fc.string({ maxLength: 1 }));
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit, maxLength: 50 })), (address) => {
        expect(geoip.countryOf(address)).toMatch(/^(?:[A-Z]{2})?$/);
      }),
      { numRuns: 1000 },
    );
  });

  it("says which build of the database it is", () => {
    expect(geoip.version).toMatch(/^\S.* \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it("refuses a file that isn't there and one that isn't a database", async () => {
    await expect(openGeoip("/nowhere/geo.mmdb")).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
    await expect(openGeoip(import.meta.filename)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});
