import { describe, expect, it } from "vitest";
import { lineOf } from "../support/fill-layout.ts";
import { makeRandom, mutate } from "../support/make-lines.ts";
import { makeParser, rowsOf } from "../support/make-records.ts";

/** The parts of a line: severity, host and service, attributes, and the message. */
function partsOf(line: string): Record<string, unknown> {
  const batch = makeParser({ isDeclared: true })([line]);
  expect(lineOf(batch, 0)).toBe(line);
  const row = rowsOf(batch)[0];
  const named = Object.fromEntries(
    (["severity_text", "host_name", "service_name"] as const).flatMap((name) =>
      row[name] === undefined ? [] : [[name, row[name]]],
    ),
  );
  return { ...named, ...Object.fromEntries((row["attributes"] as [string, string][]) ?? []), body: row["body"] };
}

const LINES: readonly (readonly [string, string, Record<string, string>])[] = [
  [
    "log4j",
    "2024-02-29 01:02:03,004 INFO [main] com.example.Shop: open",
    { severity_text: "INFO", "thread.name": "main", "log.logger": "com.example.Shop", body: "open" },
  ],
  [
    "log4j with a dash",
    "2024-02-29 01:02:03,004 WARN  [worker 7] com.example.Shop - slow",
    { severity_text: "WARN", "thread.name": "worker 7", "log.logger": "com.example.Shop", body: "slow" },
  ],
  [
    "logback",
    "2024-02-29 01:02:03.004 [main] DEBUG c.e.Shop - order 7 taken",
    { severity_text: "DEBUG", "thread.name": "main", "log.logger": "c.e.Shop", body: "order 7 taken" },
  ],
  [
    "brackets within brackets",
    "2024-02-29 01:02:03,004 - INFO  [Peer[id=1]/0:0:0:0:2181:Election@774] - Time out: 7",
    { severity_text: "INFO", "thread.name": "Peer[id=1]/0:0:0:0:2181:Election@774", body: "Time out: 7" },
  ],
  [
    "Spring Boot",
    "2024-02-29 01:02:03.004  INFO 12 --- [     main] c.e.shop.Application     : Started: yes",
    {
      severity_text: "INFO",
      "process.pid": "12",
      "thread.name": "main",
      "log.logger": "c.e.shop.Application",
      body: "Started: yes",
    },
  ],
  [
    "Spring Boot 3",
    "2024-02-29T01:02:03.004+01:00  WARN 12 --- [shop] [nio-1] c.e.Shop : no",
    {
      severity_text: "WARN",
      "process.pid": "12",
      "thread.name": "shop",
      "log.context": "nio-1",
      "log.logger": "c.e.Shop",
      body: "no",
    },
  ],
  [
    "Python",
    "2024-02-29 01:02:03,004 - shop.cart - ERROR - no stock",
    { severity_text: "ERROR", "log.logger": "shop.cart", body: "no stock" },
  ],
  [
    "Python with a plain name",
    "2024-02-29 01:02:03,004 root INFO hello there",
    { severity_text: "INFO", "log.logger": "root", body: "hello there" },
  ],
  [
    "Python, the level first",
    "INFO 2024-02-29 01:02:03,004 hello there",
    { severity_text: "INFO", body: "hello there" },
  ],
  [
    "loguru",
    "2024-02-29 01:02:03.004 | INFO     | shop:main:12 - hello",
    { severity_text: "INFO", "log.logger": "shop:main:12", body: "hello" },
  ],
  [
    "Celery",
    "[2024-02-29 01:02:03,004: INFO/MainProcess] done",
    { severity_text: "INFO", "thread.name": "MainProcess", body: "done" },
  ],
  ["Go", "2024/02/29 01:02:03 main.go:12: hello", { "log.logger": "main.go:12", body: "hello" }],
  ["Go without a place", "2024/02/29 01:02:03 hello: there", { body: "hello: there" }],
  [
    "glog",
    "E0229 01:02:03.004567    7 shop.go:12] failed: no",
    {
      severity_text: "E",
      "log.line_time": "0229 01:02:03.004567",
      "process.pid": "7",
      "log.logger": "shop.go:12",
      body: "failed: no",
    },
  ],
  [
    "zap",
    '2024-02-29T01:02:03.004Z\tinfo\tshop/main.go:12\tready\t{"port": 80}',
    { severity_text: "info", "log.logger": "shop/main.go:12", body: 'ready\t{"port": 80}' },
  ],
  [
    "Spark",
    "24/02/29 01:02:03 INFO executor.Backend: Registered for [TERM, INT]",
    {
      severity_text: "INFO",
      "log.line_time": "24/02/29 01:02:03",
      "log.logger": "executor.Backend",
      body: "Registered for [TERM, INT]",
    },
  ],
  [
    "a process before the level",
    "240229 010203 148 INFO dfs.Node$Responder: block blk_1 done",
    {
      severity_text: "INFO",
      "log.line_time": "240229 010203",
      "process.pid": "148",
      "log.logger": "dfs.Node$Responder",
      body: "block blk_1 done",
    },
  ],
  [
    "a file's name before the time",
    'api.log.1.2024-02-29_01:02:03 2024-02-29 01:02:03.004 25 INFO api.wsgi.server [req-1 2 3 - -] 192.0.2.1 "GET /"',
    {
      severity_text: "INFO",
      "log.prefix": "api.log.1.2024-02-29_01:02:03",
      "process.pid": "25",
      "log.logger": "api.wsgi.server",
      "log.context": "req-1 2 3 - -",
      body: '192.0.2.1 "GET /"',
    },
  ],
  [
    "columns before the level",
    "- 1709168523 2024.02.29 R02-M1 2024-02-29-01.02.03.004567 R02-M1 RAS KERNEL INFO ciod: parity error",
    {
      severity_text: "INFO",
      "log.prefix": "1709168523 2024.02.29 R02-M1",
      "log.context": "R02-M1 RAS KERNEL",
      body: "ciod: parity error",
    },
  ],
  [
    "an epoch time in a line of columns",
    "4711 node-7 unix.hw state.off 1709168523 1 Component State Change: off",
    {
      "log.prefix": "4711 node-7 unix.hw state.off",
      "log.line_time": "1709168523",
      "log.context": "1",
      body: "Component State Change: off",
    },
  ],
  [
    "an epoch time before one without a year",
    "- 1709168523 2024.02.29 h1 Feb 29 01:02:03 h1/h1 crond(pam_unix)[29]: session closed",
    {
      host_name: "h1/h1",
      service_name: "crond(pam_unix)",
      "log.line_time": "1709168523",
      "log.context": "2024.02.29 h1 Feb 29 01:02:03",
      "process.pid": "29",
      body: "session closed",
    },
  ],
  [
    "logcat",
    "02-29 01:02:03.004  1702 14638 I chatty  : uid=1000 expire",
    {
      severity_text: "I",
      "process.pid": "1702",
      "thread.id": "14638",
      "log.logger": "chatty",
      body: "uid=1000 expire",
    },
  ],
  [
    "logcat, brief",
    "02-29 01:02:03.004 W/Shop(  585): no stock",
    { severity_text: "W", "log.logger": "Shop", "process.pid": "585", body: "no stock" },
  ],
  [
    "padded columns",
    "2024-02-29 01:02:03, Info                  CBS    Loaded x: y",
    { severity_text: "Info", "log.logger": "CBS", body: "Loaded x: y" },
  ],
  [
    "bars",
    "20240229-1:2:3:4|Step|3000|onChanged 7|8",
    { "log.line_time": "20240229-1:2:3:4", "log.logger": "Step", "process.pid": "3000", body: "onChanged 7|8" },
  ],
  [
    "a program in a dashed line",
    "[10.30 16:49:06] shop.exe *64 - shop.example:80 close, 0 bytes",
    {
      "log.line_time": "10.30 16:49:06",
      "process.executable.name": "shop.exe *64",
      body: "shop.example:80 close, 0 bytes",
    },
  ],
  [
    "PostgreSQL",
    '2024-02-29 01:02:03.004 UTC [12] ann@shop ERROR:  relation "x" is missing',
    { severity_text: "ERROR", "process.pid": "12", "log.context": "ann@shop", body: 'relation "x" is missing' },
  ],
  [
    "PostgreSQL's own word",
    "2024-02-29 01:02:03.004 UTC [12] LOG:  ready",
    { severity_text: "LOG", "process.pid": "12", body: "ready" },
  ],
  [
    "MySQL",
    "2024-02-29T01:02:03.004567Z 8 [Warning] [MY-010055] [Server] no address",
    {
      severity_text: "Warning",
      "thread.id": "8",
      "log.context": "MY-010055",
      "log.logger": "Server",
      body: "no address",
    },
  ],
  [
    "MongoDB",
    "2024-02-29T01:02:03.004+0000 I NETWORK  [conn1] end of connection: 7",
    { severity_text: "I", "log.logger": "NETWORK", "thread.name": "conn1", body: "end of connection: 7" },
  ],
  [
    "syslog that rsyslog did not write",
    "Feb 29 01:02:03 h1 Shop Helper[7]: no: x",
    {
      host_name: "h1",
      service_name: "Shop Helper",
      "log.line_time": "Feb 29 01:02:03",
      "process.pid": "7",
      body: "no: x",
    },
  ],
  [
    "a container's name before a bar",
    "web_1  | 2024-02-29 01:02:03 INFO up",
    { severity_text: "INFO", "log.prefix": "web_1", body: "up" },
  ],
  [
    "a level in brackets",
    "2024-02-29 01:02:03 [error] [client 192.0.2.1] no",
    { severity_text: "error", body: "[client 192.0.2.1] no" },
  ],
  [
    "a name and a mark that are the message's",
    "2024-02-29 01:02:03 ERROR failed: no",
    { severity_text: "ERROR", body: "failed: no" },
  ],
  [
    "a level in the message",
    "2024-02-29 01:02:03,004 INFO c.e.Shop: ERROR is a word",
    { severity_text: "INFO", "log.logger": "c.e.Shop", body: "ERROR is a word" },
  ],
  ["a word of a sentence", "2024-02-29 01:02:03 Error reading it", { body: "Error reading it" }],
  [
    "a time in a sentence",
    "Job 7 runs at 2024-02-29 01:02:03 INFO x",
    { severity_text: "INFO", body: "Job 7 runs at 2024-02-29 01:02:03 INFO x" },
  ],
  ["nothing behind the time", "2024-02-29 01:02:03", { body: "2024-02-29 01:02:03" }],
  ["a time and a message", "2024-02-29T01:02:03Z hello", { body: "hello" }],
  [
    "colours",
    "2024-02-29 01:02:03 \x1b[31mERROR\x1b[0m no",
    { severity_text: "ERROR", body: "2024-02-29 01:02:03 \x1b[31mERROR\x1b[0m no" },
  ],
];

describe("the head of a line", () => {
  it.each(LINES)("of %s is taken apart", (_, line, parts) => {
    expect(partsOf(line)).toEqual(parts);
  });

  it("leaves a trace below to the message", () => {
    expect(partsOf("2024-02-29 01:02:03,004 ERROR c.e.Shop: no\n\tat x\nINFO y")).toEqual({
      severity_text: "ERROR",
      "log.logger": "c.e.Shop",
      body: "no\n\tat x\nINFO y",
    });
  });

  it("never ends a line differently, however it is broken", () => {
    const random = makeRandom(11);
    for (const [, line] of LINES)
      for (let i = 0; i < 60; i++) {
        const broken = mutate(random, line);
        if (/[^ \t\r\n]/.test(broken)) partsOf(broken);
      }
  });

  it("stays in the line where its zone's clock can't be told from the instant", () => {
    const batch = makeParser({ isDeclared: true, timezone: "Europe/Berlin" })(["2026-10-25 02:30:00 INFO x"]);
    expect(lineOf(batch, 0)).toBe("2026-10-25 02:30:00 INFO x");
    expect(rowsOf(batch)[0]["attributes"]).toEqual([["log.line_time", "2026-10-25 02:30:00"]]);
  });

  it("makes no layout of long marks, of which there might be endlessly many", () => {
    const line = `2024-02-29 01:02:03 INFO${" ".repeat(60)}started`;
    const batch = makeParser({ isDeclared: true })([line]);
    expect(batch.strings.line_layout.get(0)).toBe("");
    expect(batch.line_kept.get(0)).toBe(line);
    expect(batch.strings.body.get(0)).toBe("started");
  });

  it("puts no letter or digit into a layout", () => {
    const random = makeRandom(12);
    for (const [, line] of LINES)
      for (let i = 0; i < 20; i++) {
        const batch = makeParser({ isDeclared: true })([mutate(random, line)]);
        if (batch.rows === 0) continue;
        const marks = batch.strings.line_layout
          .get(0)
          .split("\x01")
          .filter((_, part) => part % 2 === 0);
        expect(marks.join("")).not.toMatch(/[A-Za-z0-9\x80-\xff]/);
      }
  });
});
