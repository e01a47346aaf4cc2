import { afterEach, describe, expect, it } from "vitest";
import type { ReceiverKind } from "../../processors/model/incident.ts";
import { pagerdutyEvents } from "../../processors/receivers/pagerduty.ts";
import { createReceiver } from "../../processors/receivers/receiver.ts";
import { slackBody } from "../../processors/receivers/slack.ts";
import { signatureOf } from "../../processors/receivers/webhook.ts";
import {
  type AlertServer,
  type Answer,
  judgePagerduty,
  judgeWebhook,
  openAlertServer,
  type Request,
} from "../support/alert-server.ts";
import { makeMessage } from "./make-message.ts";

const NOW = Date.UTC(2026, 2, 2, 12, 2);
const KEY = "0123456789abcdef0123456789abcdef";
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

let server: AlertServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function open(kind: ReceiverKind, secret: string, judge: (request: Request) => Answer, allow = ["127.0.0.0/8"]) {
  server = await openAlertServer(judge);
  const url = kind === "slack" ? "" : server.url;
  const given = kind === "slack" ? `${server.url}${secret}` : secret;
  return createReceiver(kind, { name: "r", url, secret: given, nowMs: () => NOW }, allow);
}

const ok = () => ({ status: 200 });

describe("a webhook", () => {
  it("is signed as the specification's example", () => {
    const body = '{"test": 2432232314}';
    expect(signatureOf(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });

  it("is taken by who checks signature and time, and names the message", async () => {
    const webhook = await open(
      "webhook",
      SECRET,
      judgeWebhook(SECRET, () => NOW / 1000),
    );
    expect(await webhook.send(makeMessage())).toEqual({ kind: "sent" });
    expect(server!.requests[0].headers["webhook-id"]).toBe(makeMessage().id);
  });

  it("follows no redirect", async () => {
    const webhook = await open("webhook", SECRET, () => ({ status: 302, headers: { location: "/elsewhere" } }));
    expect((await webhook.send(makeMessage())).kind).toBe("refused");
    expect(server!.requests).toHaveLength(1);
  });
});

describe("PagerDuty", () => {
  it("takes what opens and what is over, under one dedup_key", async () => {
    const pagerduty = await open("pagerduty", KEY, judgePagerduty);
    expect(await pagerduty.send(makeMessage())).toEqual({ kind: "sent" });
    expect(await pagerduty.send(makeMessage({ kind: "resolved" }))).toEqual({ kind: "sent" });
    const [opened, over] = server!.requests.map(({ body }) => JSON.parse(body));
    expect([opened.event_action, over.event_action]).toEqual(["trigger", "resolve"]);
    expect(opened.dedup_key).toBe(over.dedup_key);
  });

  it("takes every series of a storm, however long titles and names are", async () => {
    const pagerduty = await open("pagerduty", KEY, judgePagerduty);
    const series = Array.from({ length: 10_000 }, (_, i) => `errors acme ${"ö".repeat(60)}${i}`);
    const message = makeMessage({ series, title: "x".repeat(5000), subject: "s".repeat(300) });
    expect(await pagerduty.send(message)).toEqual({ kind: "sent" });
    const events = server!.requests.map(({ body }) => JSON.parse(body));
    expect(events.length).toBeGreaterThan(1);
    expect(new Set(events.map(({ dedup_key }) => dedup_key)).size).toBe(events.length);
    expect(events.flatMap(({ payload }) => payload.custom_details.series)).toEqual(series);
    expect(pagerdutyEvents({ ...message, kind: "resolved" }, KEY)).toHaveLength(events.length);
  });

  it("gets no half of a character where a title is cut", async () => {
    const pagerduty = await open("pagerduty", KEY, judgePagerduty);
    await pagerduty.send(makeMessage({ title: `x${"😀".repeat(1000)}` }));
    expect(JSON.parse(server!.requests[0].body).payload.summary).toBe(`x${"😀".repeat(511)}`);
  });

  it("is left alone after 429, as long as it says", async () => {
    const pagerduty = await open("pagerduty", KEY, judgePagerduty);
    server!.answers.push({ status: 429, headers: { "retry-after": "30" } }, { status: 503 }, { status: 400 });
    expect(await pagerduty.send(makeMessage())).toEqual({ kind: "retry", reason: "HTTP 429", afterMs: 30_000 });
    expect(await pagerduty.send(makeMessage())).toEqual({ kind: "retry", reason: "HTTP 503", afterMs: null });
    expect(await pagerduty.send(makeMessage())).toEqual({ kind: "refused", reason: "HTTP 400" });
  });
});

describe("Alertmanager", () => {
  it("is told of an alert by the same labels, and of its end by endsAt", async () => {
    const alertmanager = await open("alertmanager", "", ok);
    await alertmanager.send(makeMessage());
    await alertmanager.send(makeMessage({ kind: "resolved", title: "over" }));
    const [[opened], [over]] = server!.requests.map(({ body }) => JSON.parse(body));
    expect(server!.requests[0].path).toBe("/api/v2/alerts");
    expect(over.labels).toEqual(opened.labels);
    expect(Date.parse(opened.endsAt)).toBeGreaterThan(NOW + alertmanager.repeatMs!);
    expect(Date.parse(over.endsAt)).toBe(NOW);
  });

  it("gets no end before the beginning, which it refuses, of logs whose clock is ahead", async () => {
    const alertmanager = await open("alertmanager", "", ok);
    const openedAt = NOW / 1000 + 86_400;
    await alertmanager.send(makeMessage({ openedAt }));
    await alertmanager.send(makeMessage({ openedAt, kind: "resolved" }));
    for (const { body } of server!.requests) {
      const [{ startsAt, endsAt }] = JSON.parse(body);
      expect(Date.parse(startsAt)).toBeLessThanOrEqual(Date.parse(endsAt));
      expect(Date.parse(endsAt)).toBeLessThan(openedAt * 1000);
    }
  });
});

describe("Slack", () => {
  it("gets text of logs as text: no mention, no link, no formatting", () => {
    const { text } = JSON.parse(slackBody(makeMessage({ title: "<!channel> <https://evil|click> & *bold*" })));
    expect(text).toContain("&lt;!channel&gt; &lt;https://evil|click&gt; &amp; *\u200bbold*\u200b");
  });
});

describe("what is told of a failure", () => {
  it.each(["webhook", "pagerduty", "alertmanager", "slack"] as const)("never holds the secret of %s", async (kind) => {
    const receiver = await open(kind, kind === "slack" ? "/services/T0/hunter2" : "hunter2", ok);
    const { url } = server!;
    server!.answers.push({ status: 400 }, { status: 500 });
    const said = [await receiver.send(makeMessage()), await receiver.send(makeMessage())];
    await server!.close();
    said.push(await receiver.send(makeMessage()));
    server = null;
    expect(said.map((delivery) => delivery.kind)).toEqual(["refused", "retry", "retry"]);
    expect(JSON.stringify(said)).not.toMatch(/hunter2/);
    expect(JSON.stringify(said)).not.toContain(url);
  });
});
