import { describe, expect, it } from "vitest";
import { metrics, writeAddress } from "../../processors/runtime/config-metrics.ts";

describe("metrics.listen", () => {
  it.each([
    ["127.0.0.1:9464", "127.0.0.1", 9464],
    ["[::1]:80", "::1", 80],
    ["weir.example.org:0", "weir.example.org", 0],
  ])("takes %s, and is written so", (text, host, port) => {
    const { listen } = metrics.parse({ listen: text });
    expect(listen).toEqual({ host, port });
    expect(writeAddress({ host, port })).toBe(text);
  });

  it.each(["9464", ":9464", "localhost", "localhost:70000", "a b:1", "::1:80"])("refuses %s", (listen) => {
    expect(metrics.safeParse({ listen }).success).toBe(false);
  });
});
