import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { routeOf } from "../../processors/enrich/route.ts";

const CASES: readonly (readonly [path: string, route: string, why: string])[] = [
  ["/", "/", "the root"],
  ["/items/123/edit", "/items/{id}/edit", "a number"],
  ["/items/123/", "/items/{id}/", "the slash at the end stays"],
  ["/users/550e8400-e29b-41d4-a716-446655440000", "/users/{id}", "a UUID"],
  ["/users/550E8400-E29B-41D4-A716-446655440000.json", "/users/{id}.json", "a UUID with an ending"],
  ["/commit/3f9a8b7c", "/commit/{id}", "hex with a digit"],
  ["/menu/deadbeef", "/menu/deadbeef", "hex letters alone may be a word"],
  ["/2015/05/17/news", "/{id}/{id}/{id}/news", "a date in segments"],
  ["/2015-05-17/news", "/{id}/news", "a date"],
  ["/hosts/10.0.0.1", "/hosts/{id}", "an address"],
  ["/u/<email:0123456789abcdef>/x", "/u/{id}/x", "a pseudonym"],
  ["/<script>alert(1)</script>", "/<script>alert({id})</script>", "a mark-up attack is no pseudonym"],
  ["/css/main.css", "/css/main.css", "a static file"],
  ["/images/logo-2x.png", "/images/logo-2x.png", "a small number in a file name"],
  ["/photo-123.jpg", "/photo-123.jpg", "a short number in a file name"],
  ["/IMG_20150517.jpg", "/IMG_{id}.jpg", "a long number in a file name"],
  ["/photo-800x600.jpg", "/photo-{id}.jpg", "a size"],
  ["/app.3f9a8b7c.js", "/app.{id}.js", "a hash in a file name"],
  ["/123.html", "/{id}.html", "a file named by number"],
  ["/jquery-3.6.0.min.js", "/jquery-3.6.0.min.js", "a version in a file name"],
  ["/v2/http2/top10/s3/oauth2/1.2", "/v2/http2/top10/s3/oauth2/1.2", "words with digits and versions"],
  ["/order-12345", "/order-{id}", "a long number behind a dash"],
  ["/user12345", "/user{id}", "a long number behind letters"],
  ["/watch/dQw4w9WgXcQ", "/watch/{id}", "a random token"],
  ["/k/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/k/{id}", "a ULID"],
  ["/pods/checkout-7d9f8b5c6d-x2x4z", "/pods/checkout-{id}", "two ids in a row are one"],
  ["/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4", "/t/{id}", "a JWT"],
  ["/Products(5)/Name", "/Products({id})/Name", "a key in parentheses"],
  ["/items/123:cancel", "/items/{id}:cancel", "a verb behind a number"],
  ["/blog/my-post-about-2-cats", "/blog/my-post-about-2-cats", "a title"],
  ["/a%20b/%E3%81%82", "/a%20b/%E3%81%82", "percent-encoding"],
  ["/a%2012345", "/a%20{id}", "digits of an escape are no part of a number"],
  ["/cart;jsessionid=0A1B2C/x", "/cart/x", "path parameters"],
  ["//a//b", "//a//b", "empty segments"],
  ["/../../etc/passwd", "/../../etc/passwd", "dots"],
  ["/a\x00b/c", "/{id}/c", "control bytes"],
  ["/caf\xc3\xa9", "/caf\xc3\xa9", "bytes of UTF-8"],
  [`/${"a/".repeat(20)}`, `/${"a/".repeat(15)}a/{rest}`, "at most 16 segments"],
  [`/ok/${"x".repeat(300)}/y`, "/ok/{rest}", "at most 200 bytes"],
  [`/ok/${"x".repeat(189)}/y`, `/ok/${"x".repeat(189)}/{rest}`, "exactly 200 bytes"],
  [`/ok/${"x".repeat(190)}/y`, "/ok/{rest}", "one byte too many"],
  [`/${"7".repeat(3000)}/x`, "/{id}/x", "a long id is short"],
  ["*", "*", "OPTIONS *"],
  ["\x16\x03\x01\x02", "{rest}", "TLS on a plain port"],
  ["http://other.example/", "{rest}", "a proxy request"],
  ["", "", "no path"],
];

describe("routeOf", () => {
  it.each(CASES)("%j has the route %j: %s", (path, route) => {
    expect(routeOf(path)).toBe(route);
  });

  it("stays within 16 segments and 200 bytes, and is its own route, for any bytes", () => {
    const unit = fc.oneof(
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      fc.constantFrom("/", "/", "12345", "a1b2", "%2", ".", "-", ";", "<email:0123456789>", "{id}"),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 300 }), (tail) => {
        const route = routeOf(`/${tail}`);
        expect(route.length).toBeLessThanOrEqual(200);
        expect(route.split("/").length).toBeLessThanOrEqual(18);
        expect(routeOf(route)).toBe(route);
      }),
      { numRuns: 2000 },
    );
  });
});
