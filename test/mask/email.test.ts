import { describe, expect, it } from "vitest";
import { toByteText } from "../../processors/model/record.ts";
import { kinds, makeMask } from "./make-mask.ts";

describe("e-mail addresses", () => {
  it.each([
    ["mail to joe@example.com.", "mail to <email>."],
    ["<joe.bloggs+news@mail.example.co.uk>", "<<email>>"],
    ["/find?q=joe%40example.com&page=2", "/find?q=<email>&page=2"],
    ["/find?next=%2Fa%3Fq%3Djoe%2540example.com", "/find?next=%2Fa%3Fq%3D<email>"],
    ["q%3Djoe%40example.com", "q%3D<email>"],
    [String.raw`{"to":"joe\u0040example.com"}`, '{"to":"<email>"}'],
    [String.raw`"sent\njoe@example.com\nagain"`, String.raw`"sent\n<email>\nagain"`],
    ['{"joe@example.com":{"visits":3}}', '{"<email>":{"visits":3}}'],
    ["mailto:joe@example.com?subject=x", "mailto:<email>?subject=x"],
    ["user=joe_9@sub-domain.example.org,role=a", "user=<email>,role=a"],
    ["“jürgen@müller.de”", toByteText("“<email>”")],
    ["邮箱joe@example.com已", toByteText("邮箱<email>已")],
    ["joe@xn--mller-kva.xn--p1ai ok", "<email> ok"],
    ["joe@example.com-2026 and joe@example.com.7", "<email>-2026 and <email>.7"],
  ])("%s is masked", (text, masked) => expect(kinds(text)).toBe(masked));

  it.each([
    ["@types/node@24.1.0", "a scope and a version"],
    ["react@18.0.0-rc.next lib@v2.1.beta", "a version with a word at its end"],
    ["root@web-1 deploy@10.0.0.5", "a host without a domain"],
    ["@Injectable() class A", "a decorator"],
    ["/img/icon@2x.png", "a picture for dense screens"],
    ["Started getty@tty1.service", "a unit of an init system"],
    ["git@example.com:team/project.git ssh://git@example.com/team", "a git remote"],
    ["java.lang.Object@6d06d69c", "the address of an object"],
    ["image@sha256:0123456789abcdef", "a digest"],
    ["a @ b.com and a@ b.com", "an @ between words"],
  ])("%s stays: %s", (text) => expect(kinds(text)).toBe(text));

  it("every spelling of an address has one pseudonym", () => {
    const { text } = makeMask();
    const spellings = [
      "Joe+a@Example.com",
      "joe%2Ba%40example.com",
      "joe+a%40example.com",
      "joe%2ba%2540EXAMPLE.com",
      String.raw`joe\u002Ba\u0040example.com`,
    ];
    expect(new Set(spellings.map((spelling) => text(spelling))).size).toBe(1);
    expect(text("jo+a@example.com")).not.toBe(text("joe+a@example.com"));
  });
});
