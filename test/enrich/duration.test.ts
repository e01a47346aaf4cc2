import { expect, it } from "vitest";
import { durationOf } from "../../processors/enrich/duration.ts";

it.each([
  ["page 3 of orders read in 42 ms", 42_000],
  ["run 7: 60 rows written in 1.5 s", 1_500_000],
  ["Started in 5.25 seconds.", 5_250_000],
  ["GET /a took 8s", 8_000_000],
  ["query took: 12.5ms", 12_500],
  ["parsed in 7 \xc2\xb5s", 7],
  ["retrying in 5 s", 0],
  ["inventory gave no answer in 2000 ms", 0],
  ["mistook 3 s", 0],
  ["written in 42 ms by 3 writers", 0],
  ["written in 42 msgs", 0],
  ["", 0],
])("of %j is %j µs", (body, us) => {
  expect(durationOf(body)).toBe(us);
});
