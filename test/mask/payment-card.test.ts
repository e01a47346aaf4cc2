import { describe, expect, it } from "vitest";
import { kinds, makeMask } from "./make-mask.ts";

describe("card numbers", () => {
  it.each([
    ["paid with 4111111111111111.", "paid with <card>."],
    ["4111 1111 1111 1111", "<card>"],
    ["4111-1111-1111-1111, exp 05/27", "<card>, exp 05/27"],
    ["pan=4111%201111%201111%201111&x=1", "pan=<card>&x=1"],
    ["pan=4111+1111+1111+1111", "pan=<card>"],
    ["3782 822463 10005 and 378282246310005", "<card> and <card>"],
    ["3056 930902 5904", "<card>"],
    ["card%3D5555555555554444", "card%3D<card>"],
    ['{"card":6011111111111117,"cvv":""}', '{"card":<card>,"cvv":""}'],
    [String.raw`"a\n2223003122003222"`, String.raw`"a\n<card>"`],
    ["3530111333300000 6200000000000005 5018000000000009", "<card> <card> <card>"],
    ["card #4111111111111111", "card #<card>"],
    ["card 4222222222222 (13 digits)", "card <card> (13 digits)"],
    ["paid by Visa, number 4222222222222", "paid by Visa, number <card>"],
    ['{"cardNumber":"4222222222222"}', '{"cardNumber":"<card>"}'],
  ])("%s is masked", (text, masked) => expect(kinds(text)).toBe(masked));

  it.each([
    ["4111111111111112", "the check digit is wrong"],
    ["1111111111111117", "nobody issues 1111"],
    ["411111111111111", "no issuer of 4111 has 15 digits"],
    ["41111111111111111111", "20 digits"],
    ["1760000000000 1760000000000000 1760000000000000000", "epoch milliseconds to nanoseconds"],
    ["550e8400-e29b-41d4-4111-111111111111", "a UUID"],
    ["order-4111111111111111 4111111111111111-7", "joined by a dash"],
    ["a4111111111111111 4111111111111111b _4111111111111111", "joined to letters"],
    ["0.4111111111111111 4111111111111111.5", "a fraction"],
    ["#4111111111111111 +4111111111111111", "a tagged number and a phone number"],
    ["order_id=4111111111111111 traceId: 4111111111111111", "the key says it names something"],
    ["order 4111111111111111 shipped", "the word before says so"],
    ["scanned 4222222222222, 5020000000009", "13 digits may be an article number"],
    ["41 11 11 11 11 11 11 11", "nobody groups cards so"],
    ["4111  1111  1111  1111", "two spaces"],
  ])("%s stays: %s", (text) => expect(kinds(text)).toBe(text));

  it("every grouping has one pseudonym", () => {
    const { text } = makeMask();
    const spellings = ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "4111%201111%201111%201111"];
    expect(new Set(spellings.map((spelling) => text(spelling))).size).toBe(1);
  });

  it("the key of a field decides as a key in a text does", () => {
    const mask = makeMask();
    expect(mask.value("orderId", "4111111111111111")).toBe("4111111111111111");
    expect(mask.value("card_id", "4111111111111111")).toMatch(/^<card:/);
    expect(mask.valueOf(mask.fieldOf("user_id", true), "4111111111111111")).toMatch(/^<card:/);
    expect(mask.valueOf(mask.fieldOf("user_id", false), "4111111111111111")).toBe("4111111111111111");
    expect(mask.value("note", "4111111111111111")).toMatch(/^<card:/);
  });
});
