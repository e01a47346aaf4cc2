import { createHash } from "node:crypto";
import type { Config } from "./config.ts";
import { writtenAlerts } from "./config-alerts.ts";
import { writtenDetection } from "./config-detection.ts";
import { writeAddress } from "./config-metrics.ts";
import { writtenMeasures } from "./config-rules.ts";
import { writtenTopics } from "./config-topics.ts";
import { writeBytes, writeSeconds } from "./config-units.ts";

/**
 * A short name (12 hexadecimal digits) for everything configured that changes rows: sources, rules, masking, and
 * where long records are cut. The order of sources and of rules doesn't count, nor do paths, credentials or the sizes
 * of batches. The key of pseudonyms isn't in it: changing the key changes pseudonyms under the same version.
 */
export function configVersion(config: Config): string {
  const masked = Object.entries(config.mask.rules).filter(([, on]) => config.mask.enabled && on);
  const meaning = [
    config.sources
      .map(({ name, format, tenant, service, timezone }) => [name, format, tenant, service, timezone])
      .sort(),
    config.rules.map((r) => [r.name, r.version, r.windowSeconds, r.groupBy, r.distinct, r.where]).sort(),
    masked.map(([name]) => name).sort(),
    ...(config.mask.enabled && isMaskExtended(config)
      ? [[config.mask.patterns, [...config.mask.allow].sort(), [...config.mask.deny].sort()]]
      : []),
    config.batch.recordBytesMax,
    ...(config.lookups.length === 0 ? [] : [{ lookups: config.lookups.map(({ file, ...lookup }) => lookup) }]),
    ...(config.serviceRules.length === 0 ? [] : [{ serviceRules: config.serviceRules }]),
    // Named only where there are any: what was stored before keeps its version.
    ...(config.formats.length === 0
      ? []
      : [{ formats: [...config.formats].sort((a, b) => (a.name < b.name ? -1 : 1)) }]),
  ];
  return createHash("sha256").update(JSON.stringify(meaning)).digest("hex").slice(0, 12);
}

function isMaskExtended({ mask }: Config): boolean {
  return mask.patterns.length + mask.allow.length + mask.deny.length > 0;
}

const HIDDEN = "[redacted]";

/** The configuration in the keys of `weir.yaml`, to be shown: the password is replaced, the key left out. */
export function redacted(config: Config): Record<string, unknown> {
  const { clickhouse, batch, mask, retention } = config;
  const direct = clickhouse.password !== "" && clickhouse.passwordFile === null;
  return {
    data: { directory: config.data.directory },
    clickhouse: withoutNull({
      url: clickhouse.url,
      username: clickhouse.username,
      password: direct ? HIDDEN : null,
      password_file: clickhouse.passwordFile,
    }),
    kafka: redactedKafka(config),
    sources: config.sources.map(
      ({ name, files, topic, format, tenant, timezone, service, disorderSeconds, latenessSeconds }) =>
        withoutNull({
          name,
          files: [...files],
          topic,
          format,
          tenant,
          timezone,
          service,
          disorder: writeSeconds(disorderSeconds),
          lateness: writeSeconds(latenessSeconds),
        }),
    ),
    lookups: config.lookups.map(({ name, file, keyColumn, field, columns }) =>
      withoutNull({ name, file, key_column: keyColumn, field, columns: { ...columns } }),
    ),
    service_rules: config.serviceRules.map(({ field, how, text, service }) => ({ field, [how]: text, service })),
    formats: config.formats.map((own) => ({
      name: own.name,
      dissect: [...own.patterns],
      ...(own.timeFormats.length === 0 ? {} : { time_format: [...own.timeFormats] }),
      types: { ...own.types },
      columns: { ...own.columns },
      severities: { ...own.severities },
      append_separator: own.appendSeparator,
      join: own.joins,
      auto: own.isDetected,
    })),
    batch: {
      records: batch.recordsMax,
      bytes: writeBytes(batch.bytesMax),
      record_bytes: writeBytes(batch.recordBytesMax),
    },
    breaker: { ...config.breaker },
    rules: [
      ...config.rules.map((rule) => {
        const { name, windowSeconds, groupBy, distinct, where, edition } = rule;
        return withoutNull({
          name,
          window: writeSeconds(windowSeconds),
          group_by: [...groupBy],
          distinct,
          where,
          ...writtenMeasures(rule),
          version: edition ?? 1,
        });
      }),
      ...config.rollUps.map(({ name, windowSeconds, groupBy, from, edition }) => ({
        name,
        window: writeSeconds(windowSeconds),
        group_by: [...groupBy],
        from,
        version: edition ?? 1,
      })),
    ],
    topics: writtenTopics(config.topics, HIDDEN),
    detection: writtenDetection(config.detection),
    alerts: writtenAlerts(config.alerts),
    mask: withoutNull({
      enabled: mask.enabled,
      rules: { ...mask.rules },
      patterns: mask.patterns.map(({ name, pattern, replace, fields }) =>
        withoutNull({ name, pattern, replace, fields: fields === null ? null : [...fields] }),
      ),
      allow: [...mask.allow],
      deny: [...mask.deny],
      key_file: mask.keyFile,
    }),
    retention: {
      events: `${retention.eventsDays}d`,
      dead_letters: `${retention.deadLettersDays}d`,
      partials: `${retention.partialsDays}d`,
      windows: `${retention.windowsDays}d`,
      topics: `${retention.topicsDays}d`,
    },
    metrics: withoutNull({ listen: config.metrics.listen === null ? null : writeAddress(config.metrics.listen) }),
    serve: {
      listen: config.serve.listen,
      users: config.serve.users.map(({ name, role, passwordFile }) => ({
        name,
        role,
        ...(passwordFile === null ? { password_sha256: HIDDEN } : { password_file: passwordFile }),
      })),
    },
    log: { level: config.log.level },
  };
}

function redactedKafka({ kafka }: Config): Record<string, unknown> {
  const { brokers, clientId, group, sessionMs, tls, sasl, schemas } = kafka;
  const account = sasl === null ? {} : { mechanism: sasl.mechanism, username: sasl.username };
  const direct = sasl !== null && sasl.passwordFile === null && sasl.password !== "";
  return {
    brokers: [...brokers],
    client_id: clientId,
    group,
    session: writeSeconds(sessionMs / 1000),
    tls: withoutNull({
      enabled: tls !== null,
      ca_file: tls?.caFile ?? null,
      cert_file: tls?.certFile ?? null,
      key_file: tls?.keyFile ?? null,
    }),
    sasl: withoutNull({
      ...account,
      password: direct ? HIDDEN : null,
      password_file: sasl?.passwordFile ?? null,
    }),
    schemas: schemas.map((schema) => withoutNull({ ...schema })),
  };
}

/** The file knows no empty values: what isn't set isn't there. */
function withoutNull(section: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== null));
}
