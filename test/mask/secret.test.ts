import { describe, expect, it } from "vitest";
import { kinds, makeMask } from "./make-mask.ts";

describe("values of secret keys", () => {
  it.each([
    ["a=1&password=x&b=2", "a=1&password=<secret>&b=2"],
    ["?user%5Bpassword%5D=x&a=1", "?user%5Bpassword%5D=<secret>&a=1"],
    ["?next=%2Fin%3Fpassword%3Dx%26a%3D1&b=2", "?next=%2Fin%3Fpassword%3D<secret>%26a%3D1&b=2"],
    ["q=%7B%22password%22%3A%22x%22%7D", "q=%7B%22password%22%3A%22<secret>%22%7D"],
    ["password=a&b user=joe", "password=<secret> user=joe"],
    ["?token=x&amp;a=1", "?token=<secret>&amp;a=1"],
    ["password=x user=joe", "password=<secret> user=joe"],
    ['password="x y" user=joe', 'password="<secret>" user=joe'],
    [String.raw`password="x\" y" user=joe`, 'password="<secret>" user=joe'],
    ["password='x y' user=joe", "password='<secret>' user=joe"],
    ["Password: x", "Password: <secret>"],
    ["password = x", "password = <secret>"],
    ["Login{user=joe, password=x, n=1}", "Login{user=joe, password=<secret>, n=1}"],
    ["Login{password=x}", "Login{password=<secret>}"],
    ["Server=db;Password=x;Database=y", "Server=db;Password=<secret>;Database=y"],
    ["apiKey: ab12cd", "apiKey: <secret>"],
    ["token: ab12cd34", "token: <secret>"],
    ["session: 38afes7a8b41c", "session: <secret>"],
    ["auth: KdjWmxQpZrTb", "auth: <secret>"],
    ["?a=1%26auth%3Dx", "?a=1%26auth%3D<secret>"],
    [String.raw`?a=1\u0026auth\u003dx`, String.raw`?a=1\u0026auth\u003d<secret>`],
    [String.raw`"sent\nauth=x1 again"`, String.raw`"sent\nauth=<secret> again"`],
    ['{"password"=>"x", "n"=>1}', '{"password"=>"<secret>", "n"=>1}'],
    ["X-Api-Key: k-1", "X-Api-Key: <secret>"],
    ["Cookie: a=b; c=d and more", "Cookie: <secret> and more"],
    ['cookie="a=b; c=d" x=1', 'cookie="<secret>" x=1'],
  ])("%s becomes %s", (text, masked) => expect(kinds(text)).toBe(masked));

  it.each([
    ['{"password":"x","n":1}', '{"password":"<secret>","n":1}'],
    ['{"a":[{"password" : "x"}]}', '{"a":[{"password" : "<secret>"}]}'],
    [String.raw`{"password":"a\"b\\","n":1}`, '{"password":"<secret>","n":1}'],
    ['{"password":12345,"n":1}', '{"password":"<secret>","n":1}'],
    ['{"token":["a","]"],"n":1}', '{"token":"<secret>","n":1}'],
    [String.raw`{"m":"{\"password\":\"x \\\" y\",\"n\":1}"}`, String.raw`{"m":"{\"password\":\"<secret>\",\"n\":1}"}`],
    [String.raw`{"m":"{\"pwd\":5}"}`, String.raw`{"m":"{\"pwd\":\"<secret>\"}"}`],
    [String.raw`{"u":"/a?token=x\u0026b=2"}`, String.raw`{"u":"/a?token=<secret>\u0026b=2"}`],
    [String.raw`{"u":"/a?token\u003dx\u0026b=2"}`, String.raw`{"u":"/a?token\u003d<secret>\u0026b=2"}`],
    [String.raw`{"m":"set password=x\\"}`, '{"m":"set password=<secret>"}'],
    [String.raw`{"m":"password=\"x y\" ok"}`, String.raw`{"m":"password=\"<secret>\" ok"}`],
    ['{"u":"/a?password=","b":"c"}', '{"u":"/a?password=","b":"c"}'],
    ["{'password': 'x', 'n': 1}", "{'password': '<secret>', 'n': 1}"],
    ['{"password":"cut off he', '{"password":"<secret>'],
    ['{"password":null,"token":true,"secret":""}', '{"password":null,"token":true,"secret":""}'],
    ['{"credentials":{"user":"joe","secret":"x"}}', '{"credentials":{"user":"joe","secret":"<secret>"}}'],
  ])("JSON %s becomes %s", (text, masked) => expect(kinds(text)).toBe(masked));

  it.each([
    ["password= user=joe", "an empty value"],
    ["author=joe tokens_used=5 session_count=3 keyboard=us", "other words"],
    ["next_page_token=abc tokenizer=bpe secretary=joe", "harmless words"],
    ["if (token == null || token => 1) auth::session: done", "code"],
    ["token: expected identifier", "prose about a token"],
    ["auth: failed for user joe; session: opened", "prose about a session"],
    ["password: incorrect", "prose about a password"],
    ["PWD=/srv/app pwd=/root", "a directory"],
    ["closing sessionid:0x14f05578bd80006", "the handle of a session"],
    ["Token: Token { kind: Container }", "a structure"],
    ["2026-01-01T00:00:00Z level=info msg=ok", "nothing at all"],
  ])("%s stays: %s", (text) => expect(kinds(text)).toBe(text));
});

describe("secret keys", () => {
  const { isSecretKey } = makeMask();
  it.each(
    (
      "password passwd pwd passphrase secret client_secret token access_token refresh_token id_token api_key apikey api-key " +
      "x-api-key auth authorization private_key session sessionid session_id cookie set-cookie credentials credential " +
      "user.password http.request.headers.authorization userPassword apiKey accessToken DB_PASSWORD dbPass secretAccessKey " +
      "user[password] token.0 sessionToken csrfToken X-Amz-Signature password_hash"
    ).split(" "),
  )("%s is one", (key) => expect(isSecretKey(key)).toBe(true));

  it.each(
    (
      "author tokens_used session_count keyboard key monkey secretary token_type token_count nextPageToken path pass compass " +
      "authority password.length session.duration keys primary_key version"
    ).split(" "),
  )("%s is none", (key) => expect(isSecretKey(key)).toBe(false));

  it("what a text masks under a key agrees with what the key alone says", () => {
    for (const key of [
      "password",
      "refresh_token",
      "db_pass",
      "sess-id",
      "Session_ID",
      "passwordHash",
      "signing-key",
    ]) {
      expect(isSecretKey(key), key).toBe(true);
      expect(kinds(`{"${key}":"x"}`)).toBe(`{"${key}":"<secret>"}`);
      expect(kinds(`${key}=x1 y`)).toBe(`${key}=<secret> y`);
    }
  });

  it("a field's whole value is the secret, unless it is empty", () => {
    const mask = makeMask();
    expect(mask.value("user.password", "a b")).toBe("<secret>");
    expect(mask.value("password", "x")).toBe("<secret>");
    expect(mask.value("password", "")).toBe("");
    expect(mask.value("note", "password=abc")).toBe("password=<secret>");
  });
});
