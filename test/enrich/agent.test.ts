import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agentOf } from "../../processors/enrich/agent.ts";

const KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)";
const CASES: readonly (readonly [userAgent: string, name: string, osName: string, syntheticType: string])[] = [
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/120.0.0.0 Safari/537.36`, "Chrome", "Windows", ""],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", "Firefox", "Linux", ""],
  [`Mozilla/5.0 (X11; Linux x86_64) ${KHTML} HeadlessChrome/90.0 Safari/537.36`, "HeadlessChrome", "Linux", "bot"],
  ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", "", "bot"],
  ["Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot", "", "bot"],
  ["Mozilla/5.0 (compatible; Foo/1.0; +http://foo.example/bot.html)", "Foo", "", "bot"],
  ["facebookexternalhit/1.1 (+http://www.facebook.com/x.php)", "facebookexternalhit", "", "bot"],
  ["curl/8.5.0", "curl", "", "bot"],
  ["python-requests/2.31.0", "python-requests", "", "bot"],
  ["Go-http-client/1.1", "Go-http-client", "", "bot"],
  ["kube-probe/1.29", "kube-probe", "", "test"],
  ["GoogleHC/1.0", "GoogleHC", "", "test"],
  ["ELB-HealthChecker/2.0", "ELB-HealthChecker", "", "test"],
  ["Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "UptimeRobot", "", "test"],
  ["Mozilla/5.0", "", "", "bot"],
  ["-", "", "", ""],
  ["", "", "", ""],
];

describe("agentOf", () => {
  it.each(CASES)("%j is %j on %j, synthetic type %j", (userAgent, name, osName, syntheticType) => {
    expect(agentOf(userAgent)).toEqual({ name, osName, syntheticType });
  });

  it("looks at the first 1,024 bytes only", () => {
    const browser = `Mozilla/5.0 (Windows NT 10.0) ${KHTML} Chrome/120.0.0.0 Safari/537.36 `.padEnd(1024, "x ");
    expect(agentOf(`${browser}Googlebot/2.1`)).toEqual({ name: "Chrome", osName: "Windows", syntheticType: "" });
  });

  it("cuts names at 64 bytes", () => {
    expect(agentOf(`${"Long".repeat(50)}/1.0`).name).toBe("Long".repeat(16));
  });

  it("answers with short text for any bytes", () => {
    const unit = fc.oneof(
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      fc.constantFrom("Mozilla/5.0 ", "(", ")", "Android ", "bot", "Windows NT ", "compatible; ", "Version/", ";", "/"),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 200 }), (userAgent) => {
        const { name, osName, syntheticType } = agentOf(userAgent);
        expect(name.length).toBeLessThanOrEqual(64);
        expect(typeof osName).toBe("string");
        expect(["", "bot", "test"]).toContain(syntheticType);
      }),
      { numRuns: 500 },
    );
  });
});
