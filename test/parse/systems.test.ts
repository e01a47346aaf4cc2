import { describe, expect, it } from "vitest";
import { detect } from "../../processors/parse/detect.ts";
import { lineOf } from "../support/fill-layout.ts";
import { makeParser, rowsOf } from "../support/make-records.ts";

function read(line: string) {
  const batch = makeParser({ format: detect(`${line}\n${line}\n${line}\n`) })([line]);
  expect(lineOf(batch, 0)).toBe(line);
  const { timestamp, time_source, severity_number = 0 } = rowsOf(batch)[0];
  return [time_source === 1 ? timestamp : null, severity_number];
}

describe("lines of known systems, found out by auto", () => {
  it.each<[string, string, string | null, number]>([
    ["Redis", "12:M 29 Feb 2024 01:02:03.004 * Ready", "2024-02-29T01:02:03.004000Z", 10],
    ["Redis, a warning", "12:M 29 Feb 2024 01:02:03.004 # No", "2024-02-29T01:02:03.004000Z", 13],
    ["Redis, verbose", "12:M 29 Feb 2024 01:02:03.004 - Yes", "2024-02-29T01:02:03.004000Z", 9],
    [
      "MongoDB",
      '{"t":{"$date":"2024-02-29T01:02:03.004+00:00"},"s":"W","c":"NETWORK","id":1,"msg":"no"}',
      "2024-02-29T01:02:03.004000Z",
      13,
    ],
    ["s that is no level", '{"ts":"2024-02-29T01:02:03Z","s":"30"}', "2024-02-29T01:02:03.000000Z", 0],
    [
      "PostgreSQL, JSON",
      '{"timestamp":"2024-02-29 01:02:03.004 UTC","pid":7,"error_severity":"FATAL","message":"no"}',
      "2024-02-29T01:02:03.004000Z",
      21,
    ],
    [
      "PostgreSQL, CSV",
      '2024-02-29 01:02:03.004 UTC,"app","shop",7,"h:1",65f1.ca9,3,"SELECT",2024-02-28 03:04:05 UTC,3/12,0,LOG,00000,"x"',
      "2024-02-29T01:02:03.004000Z",
      9,
    ],
    [
      "Windows events, JSON",
      '{"TimeCreated":"2024-02-29T01:02:03.1234567Z","LevelDisplayName":"Warning","Message":"no"}',
      "2024-02-29T01:02:03.123456Z",
      13,
    ],
    ["Windows events, CSV", 'Error,2/29/2024 1:02:03 PM,Service,7036,None,"x"', "2024-02-29T13:02:03.000000Z", 17],
    [
      "flow log",
      "2 123456789010 eni-1 10.0.0.1 10.0.0.2 20 22 6 2 42 1709168523 1709168583 ACCEPT OK",
      "2024-02-29T01:02:03.000000Z",
      0,
    ],
    ["zerolog, Traefik", "2024-02-29T01:02:03Z WRN cmd/main.go:5 > no", "2024-02-29T01:02:03.000000Z", 13],
    ["loguru", "2024-02-29 01:02:03.004 | SUCCESS  | app.main:run:4 - done", "2024-02-29T01:02:03.004000Z", 10],
    ["Jupyter", "[C 2024-02-29 01:02:03.004 ServerApp] no", "2024-02-29T01:02:03.004000Z", 18],
    ["Ruby", "W, [2024-02-29T01:02:03.000004 #7]  WARN -- : no", "2024-02-29T01:02:03.000004Z", 13],
    ["PHP", "[29-Feb-2024 01:02:03 UTC] PHP Fatal error:  no in /a.php on line 7", "2024-02-29T01:02:03.000000Z", 21],
    [
      "BIND",
      "29-Feb-2024 01:02:03.004 security: info: client @0x7f 192.0.2.7#53: denied",
      "2024-02-29T01:02:03.004000Z",
      9,
    ],
    ["Unbound", "[1709168523] unbound[7:0] error: no", "2024-02-29T01:02:03.000000Z", 17],
    ["Telegraf", "2024-02-29T01:02:03Z E! [agent] no", "2024-02-29T01:02:03.000000Z", 17],
    ["ESXi", "2024-02-29T01:02:03.004Z warning hostd[7] [Originator@6876 sub=V] no", "2024-02-29T01:02:03.004000Z", 13],
    ["Cisco ASA", "Feb 29 2024 01:02:03: %ASA-4-106023: Deny tcp", "2024-02-29T01:02:03.000000Z", 13],
    ["Grafana", 't=2024-02-29T01:02:03.123456789Z lvl=eror msg="no"', "2024-02-29T01:02:03.123456Z", 17],
    ["gin", "[GIN] 2024/02/29 - 01:02:03 | 200 | 61us | 127.0.0.1 | GET /", "2024-02-29T01:02:03.000000Z", 0],
    ["RabbitMQ", "=ERROR REPORT==== 29-Feb-2024::01:02:03 ===", "2024-02-29T01:02:03.000000Z", 17],
    ["Suricata", "29/2/2024 -- 01:02:03 - <Notice> - yes", "2024-02-29T01:02:03.000000Z", 10],
    ["Zabbix", "  1234:20240229:010203.004 server #1 started", "2024-02-29T01:02:03.004000Z", 0],
    ["Mosquitto", "1709168523: New connection", "2024-02-29T01:02:03.000000Z", 0],
    ["a month's full name", "February 29, 2024 01:02:03 INFO x", "2024-02-29T01:02:03.000000Z", 9],
    [
      "java.util.logging",
      "Feb 29, 2024 1:02:03 PM com.example.Shop open\nSEVERE: no",
      "2024-02-29T13:02:03.000000Z",
      17,
    ],
    [
      "PostgreSQL, RDS",
      "2024-02-29 01:02:03 UTC:10.0.3.7(49152):app@shop:[7]:LOG:  ok",
      "2024-02-29T01:02:03.000000Z",
      9,
    ],
    ["CUPS", "X [29/Feb/2024:01:02:03 +0000] [Job 42] no", "2024-02-29T01:02:03.000000Z", 21],
    ["auditd", 'type=SYSCALL msg=audit(1709168523.004:42): arch=c000003e comm="cat"', "2024-02-29T01:02:03.004000Z", 0],
    [
      "auditd, no pairs",
      "type=AVC msg=audit(1709168523.004:42): avc:  denied  { read }",
      "2024-02-29T01:02:03.004000Z",
      0,
    ],
    [
      "Fortinet",
      'date=2024-02-29 time=01:02:03 devname="F" type="traffic" level="warning"',
      "2024-02-29T01:02:03.000000Z",
      13,
    ],
    [
      "Fortinet, with its zone",
      'date=2024-02-29 time=01:02:03 tz="+0200" level="alert"',
      "2024-02-28T23:02:03.000000Z",
      19,
    ],
    ["no such day", "date=2024-02-30 time=01:02:03 level=info", null, 9],
    ["Chromium", "[12:345:1123/010203.000004:ERROR:gpu_init.cc(523)] no", "2026-11-23T01:02:03.000004Z", 17],
    ["Chromium, of one process", "[1123/010203.004:WARNING:a.cc(1)] no", "2026-11-23T01:02:03.004000Z", 13],
    ["no time of Chromium", "see [path:1323/010203] for more", null, 0],
    [
      "events of Kubernetes",
      '{"reason":"BackOff","message":"no","firstTimestamp":"2024-02-28T01:02:03Z","lastTimestamp":"2024-02-29T01:02:03Z","type":"Warning"}',
      "2024-02-29T01:02:03.000000Z",
      13,
    ],
    ["type that is no level", '{"ts":"2024-02-29T01:02:03Z","type":"Error"}', "2024-02-29T01:02:03.000000Z", 0],
    [
      "WebSphere",
      "[2/29/24 1:02:03:004 UTC] 0000004f ServletWrappe E   SRVE0242I: no",
      "2024-02-29T01:02:03.004000Z",
      17,
    ],
    [
      "WebSphere, two digits",
      "[10/11/24 1:02:03:004 UTC] 00000042 Shop          A   ok",
      "2024-10-11T01:02:03.004000Z",
      10,
    ],
    ["Spark", "24/02/29 01:02:03 INFO executor.Backend: ok", "2024-02-29T01:02:03.000000Z", 9],
    [
      "macOS",
      "2024-02-29 01:02:03.000004+0000 0x1a2b     Fault       0x0                  123    0    kernel: no",
      "2024-02-29T01:02:03.000004Z",
      21,
    ],
    [
      "Db2",
      "2024-02-29-03.02.03.000004+120 I1234E567           LEVEL: Severe\nPID     : 1",
      "2024-02-29T01:02:03.000004Z",
      17,
    ],
    [
      "ESXi 8",
      "2024-02-29T01:02:03.004Z Er(163) Hostd[7]: [Originator@6876 sub=V] no",
      "2024-02-29T01:02:03.004000Z",
      17,
    ],
    [
      "Nextcloud",
      '{"reqId":"a","level":4,"time":"2024-02-29T01:02:03+00:00","message":"no"}',
      "2024-02-29T01:02:03.000000Z",
      21,
    ],
    [
      "level of syslog",
      '{"level":4,"time":"2024-02-29T01:02:03+00:00","message":"no"}',
      "2024-02-29T01:02:03.000000Z",
      13,
    ],
    ["a component in a sentence", "2024-02-29 01:02:03 no such error: gone", "2024-02-29T01:02:03.000000Z", 0],
  ])("%s: %j", (_, line, time, severity) => {
    expect(read(line)).toEqual([time, severity]);
  });
});

describe("a W3C log", () => {
  it("is not what merely has lines with #", () => {
    expect(detect("# Time: 1\n# User: a\nSELECT 1;\n# Time: 2\n# User: a\nSELECT 2;\n")).toBe("text");
    expect(detect("#Fields: date time c-ip\n# x\n# y\n")).toBe("w3c");
  });
});
