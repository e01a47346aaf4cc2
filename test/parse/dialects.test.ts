import { describe, expect, it } from "vitest";
import { makeParser, type Row, rowsOf } from "../support/make-records.ts";

function parse(line: string): Row {
  const rows = rowsOf(makeParser({ format: "json", isDeclared: true })([line, line]));
  // The second is read by the shape of the first.
  expect(rows[1]).toEqual(rows[0]);
  const { line_layout, line_kept, format, time_source, ...columns } = rows[0];
  return { ...columns, attributes: Object.fromEntries((columns["attributes"] ?? []) as [string, string][]) };
}

const AT = "2026-03-02T12:00:01.000000Z";
const SECONDS = Date.UTC(2026, 2, 2, 12, 0, 1) / 1000;

describe("JSON of", () => {
  it.each<[string, string, Row]>([
    [
      "winston",
      '{"level":"warn","message":"low stock","service":"cart","timestamp":"2026-03-02T12:00:01.000Z"}',
      { timestamp: AT, severity_number: 13, severity_text: "warn", body: "low stock", service_name: "cart" },
    ],
    [
      "bunyan",
      '{"name":"cart","hostname":"web-1","pid":7,"level":50,"msg":"gone","time":"2026-03-02T12:00:01.000Z","v":0}',
      {
        ...{ timestamp: AT, severity_number: 17, body: "gone", service_name: "cart", host_name: "web-1" },
        attributes: { pid: "7", v: "0" },
      },
    ],
    [
      "pino",
      `{"level":30,"time":${SECONDS}004,"pid":7,"hostname":"web-1","msg":"up"}`,
      { timestamp: "2026-03-02T12:00:01.004000Z", severity_number: 9, body: "up", attributes: { pid: "7" } },
    ],
    [
      "zap",
      `{"level":"dpanic","ts":${SECONDS}.25,"logger":"db","caller":"db/pool.go:7","msg":"slow"}`,
      {
        ...{ timestamp: "2026-03-02T12:00:01.250000Z", severity_number: 21, body: "slow" },
        attributes: { logger: "db", caller: "db/pool.go:7" },
      },
    ],
    [
      "logrus",
      '{"level":"fatal","msg":"no port","time":"2026-03-02T14:00:01+02:00"}',
      { timestamp: AT, severity_number: 21, body: "no port" },
    ],
    [
      "Serilog without a level",
      '{"@t":"2026-03-02T12:00:01.0000000Z","@mt":"Took {Item}","Item":"tea"}',
      { timestamp: AT, severity_number: 9, body: "Took {Item}", attributes: { Item: "tea" } },
    ],
    [
      "Serilog with all",
      '{"@t":"2026-03-02T12:00:01Z","@mt":"Took {Item}","@m":"Took tea","@l":"Fatal","@x":"Error: x","@tr":"0af7651916cd43dd8448eb211c80319c"}',
      {
        ...{ timestamp: AT, severity_number: 21, severity_text: "Fatal", body: "Took tea" },
        ...{ trace_id: "0af7651916cd43dd8448eb211c80319c", attributes: { "@mt": "Took {Item}", "@x": "Error: x" } },
      },
    ],
    [
      "Log4j's JSON layout",
      `{"instant":{"epochSecond":${SECONDS},"nanoOfSecond":118000999},"thread":"main","level":"ERROR","loggerName":"a.B","message":"no"}`,
      {
        ...{ timestamp: "2026-03-02T12:00:01.118000Z", severity_number: 17, body: "no" },
        attributes: { thread: "main", loggerName: "a.B", "instant.nanoOfSecond": "118000999" },
      },
    ],
    [
      "Logback",
      `{"sequenceNumber":0,"timestamp":${SECONDS}000,"level":"WARN","threadName":"main","message":"x {}","formattedMessage":"x 1"}`,
      { timestamp: AT, severity_number: 13, body: "x 1", attributes: { message: "x {}", threadName: "main" } },
    ],
    [
      "GELF",
      `{"version":"1.1","host":"web-1","short_message":"no","full_message":"no way","timestamp":${SECONDS}.5,"level":3,"_user_id":"ann","_n":1}`,
      {
        ...{ timestamp: "2026-03-02T12:00:01.500000Z", severity_number: 17, body: "no", host_name: "web-1" },
        ...{ user_id: "ann", attributes: { full_message: "no way", level: "3", _n: "1" } },
      },
    ],
    [
      "a collector in Kubernetes",
      '{"log":"hello","stream":"stdout","time":"2026-03-02T12:00:01Z","kubernetes":{"container_name":"cart","host":"node-1","labels":{"app":"shop"}}}',
      {
        ...{ timestamp: AT, body: "hello", service_name: "shop", host_name: "node-1" },
        attributes: { stream: "stdout", "kubernetes.container_name": "cart" },
      },
    ],
    [
      "ECS",
      '{"@timestamp":"2026-03-02T12:00:01Z","log":{"level":"info","logger":"a"},"message":"m","event":{"original":"raw","duration":2000},"service":{"name":"cart"},"host":{"hostname":"h","name":"web-1"}}',
      {
        ...{ timestamp: AT, severity_number: 9, body: "m", duration_us: 2, service_name: "cart", host_name: "web-1" },
        attributes: { "event.original": "raw", "host.hostname": "h" },
      },
    ],
    [
      "OpenTelemetry",
      `{"Timestamp":"${SECONDS}000000000","ObservedTimestamp":"${SECONDS}000000001","SeverityText":"INFO","SeverityNumber":10,"Body":"m","Resource":{"service.name":"cart"},"Attributes":{"http.request.method":"GET"}}`,
      {
        ...{ timestamp: AT, severity_number: 10, severity_text: "INFO", body: "m", service_name: "cart" },
        http_request_method: "GET",
      },
    ],
    [
      "journald",
      `{"__REALTIME_TIMESTAMP":"${SECONDS}000000","MESSAGE":"m","PRIORITY":"4","_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"su"}`,
      { timestamp: AT, severity_number: 13, body: "m", host_name: "web-1", service_name: "su" },
    ],
  ])("%s has its columns", (_, line, columns) => {
    expect(parse(line)).toMatchObject(columns);
  });

  it("takes the next name where the first can't be read", () => {
    expect(parse('{"timestamp":"soon","ts":"2026-03-02T12:00:01Z"}')).toMatchObject({
      timestamp: AT,
      attributes: { timestamp: "soon" },
    });
  });

  it("reads a time once: what sets it and stays an attribute leaves no room for another", () => {
    const line = '{"timestamp":"2026-03-02T12:00:01.0000000Z","ts":"2026-03-02T13:00:00Z"}';
    expect(parse(line)).toMatchObject({ timestamp: AT, attributes: { ts: "2026-03-02T13:00:00Z" } });
  });
});
