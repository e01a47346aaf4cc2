import { createHash } from "node:crypto";
import { WeirError } from "../model/errors.ts";
import type { FieldName, LookupConfig, LookupTarget, ServiceRule } from "../model/lookups.ts";
import type { OwnFormat } from "../model/own-format.ts";
import type { GroupBy, RollUp, Rule } from "../model/rule.ts";
import { type AlertReceiver, type AlertsConfig, toAlerts } from "./config-alerts.ts";
import { type DetectionConfig, detectionProblems, toDetection } from "./config-detection.ts";
import { parseConfigFile, readConfigText, readPasswordFile } from "./config-file.ts";
import type { MaskRule } from "./config-mask.ts";
import type { ListenAddress } from "./config-metrics.ts";
import {
  type ConfigFlags,
  type Environment,
  MASK_KEY_VARIABLE,
  type Override,
  override,
  readOverrides,
} from "./config-overrides.ts";
import {
  type ConfigProblem,
  crossProblems,
  describeIssue,
  invalidConfig,
  unknownKey,
  writePath,
} from "./config-problems.ts";
import { resolveRules } from "./config-roll-ups.ts";
import { measuresOf } from "./config-rules.ts";
import { configJsonSchema, FILE_SCHEMA, type FileConfig, type LogLevel } from "./config-schema.ts";
import { PUNCTUALITY_DEFAULTS } from "./config-sources.ts";
import { type TopicsConfig, toTopics } from "./config-topics.ts";
import { parseSeconds } from "./config-units.ts";
import { isKeyText, KEY_TEXT_RULE } from "./secret-key.ts";

export type { MaskRule } from "./config-mask.ts";
export type { ConfigFlags, Environment } from "./config-overrides.ts";
export type { LogLevel } from "./config-schema.ts";

/** A declared source of records. */
export interface SourceConfig {
  /** Unique; also the topic of its records. */
  readonly name: string;
  /** Glob patterns of files that are followed. */
  readonly files: readonly string[];
  /** Kafka topic; null: none. */
  readonly topic: string | null;
  /** A format's name, or "auto". */
  readonly format: string;
  readonly tenant: string;
  /** IANA name of the zone of times that are written without one. */
  readonly timezone: string;
  /** null: taken from the record or the source's name. */
  readonly service: string | null;
  /** Event times may be this much out of order. */
  readonly disorderSeconds: number;
  /** Events that are later than that by more stay out of their windows. */
  readonly latenessSeconds: number;
}

/** A masking rule of the user's own. */
export interface MaskPattern {
  readonly name: string;
  readonly pattern: string;
  readonly replace: "pseudonym" | "remove";
  /** null: everywhere. */
  readonly fields: readonly string[] | null;
}

/** How to reach Kafka. */
export interface KafkaConfig {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly group: string;
  /** Without a sign of life for so long, the group gives the partitions to others. */
  readonly sessionMs: number;
  /** null: no TLS. Files of certificates and of the key, PEM. */
  readonly tls: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
  } | null;
  /** null: no account. */
  readonly sasl: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    /** Secret. Given directly or read from `passwordFile`. */
    readonly password: string;
    readonly passwordFile: string | null;
  } | null;
  /** Schemas by which Avro records may be written. */
  readonly schemas: readonly { readonly file: string; readonly id: number | null }[];
}

/** An account of `weir serve`. */
export interface ServeUser {
  readonly name: string;
  /** Secret: 64 hexadecimal digits, given directly or made from `passwordFile`. */
  readonly passwordSha256: string;
  readonly passwordFile: string | null;
  readonly role: "reader" | "writer" | "admin";
}

/** Everything that can be configured, checked and complete. `schemas/config.schema.json` describes each key. */
export interface Config {
  readonly data: { readonly directory: string };
  readonly clickhouse: {
    /** null: the embedded engine. */
    readonly url: string | null;
    readonly username: string;
    /** Secret. Given directly or read from `passwordFile`; "" = none. */
    readonly password: string;
    readonly passwordFile: string | null;
  };
  readonly kafka: KafkaConfig;
  readonly sources: readonly SourceConfig[];
  readonly formats: readonly OwnFormat[];
  /** For sources that are not declared. */
  readonly sourceDefaults: Pick<SourceConfig, "disorderSeconds" | "latenessSeconds">;
  readonly lookups: readonly LookupConfig[];
  readonly serviceRules: readonly ServiceRule[];
  readonly batch: { readonly recordsMax: number; readonly bytesMax: number; readonly recordBytesMax: number };
  readonly breaker: { readonly consecutive: number; readonly ratio: number };
  readonly rules: readonly Rule[];
  /** Rules that are made from finished windows; each stands after the one that it is made from. */
  readonly rollUps: readonly RollUp[];
  readonly topics: TopicsConfig;
  readonly detection: DetectionConfig;
  readonly alerts: AlertsConfig;
  readonly mask: {
    readonly enabled: boolean;
    readonly rules: Readonly<Record<MaskRule, boolean>>;
    readonly patterns: readonly MaskPattern[];
    /** Columns and `attributes.KEY` that are never masked, and those that are replaced whole. */
    readonly allow: readonly string[];
    readonly deny: readonly string[];
    readonly keyFile: string | null;
    /** Secret. Hexadecimal, from WEIR_MASK_KEY; null = see `loadMaskKey`. */
    readonly keyHex: string | null;
  };
  readonly retention: {
    readonly eventsDays: number;
    readonly deadLettersDays: number;
    readonly partialsDays: number;
    readonly windowsDays: number;
    readonly topicsDays: number;
  };
  /** Where run and process tell of themselves; null: nowhere. */
  readonly metrics: { readonly listen: ListenAddress | null };
  readonly serve: { readonly listen: string; readonly users: readonly ServeUser[] };
  readonly log: { readonly level: LogLevel };
}

export interface ConfigOptions {
  /** The file; it must exist. Absent: `weir.yaml` in the working directory, if there is one. */
  readonly path?: string | undefined;
  readonly env?: Environment;
  readonly flags?: ConfigFlags;
}

const FILE_DEFAULT = "weir.yaml";

/**
 * The configuration: flags over environment over file over defaults, checked as a whole before anything starts.
 *
 * Variables: WEIR_MASK_KEY, WEIR_DATA, WEIR_CLICKHOUSE_URL, WEIR_CLICKHOUSE_USER, WEIR_CLICKHOUSE_PASSWORD,
 * WEIR_LOG_LEVEL, and for every single value WEIR_SECTION__KEY (WEIR_BATCH__RECORD_BYTES, WEIR_MASK__RULES__EMAIL).
 * Relative paths are relative to the working directory.
 *
 * Throws CONFIG_UNREADABLE when a file can't be read, CONFIG_INVALID with every problem at once, none of which shows
 * a secret. The result is frozen.
 */
export function readConfig(options: ConfigOptions = {}): Config {
  const { path, env = process.env, flags = {} } = options;
  const jsonSchema = configJsonSchema();
  const fileName = path ?? FILE_DEFAULT;
  const file = parseConfigFile(readConfigText(fileName, path === undefined) ?? "");
  const { overrides, problems: overrideProblems } = readOverrides(jsonSchema, env, flags);
  const problems: ConfigProblem[] = [...file.problems, ...overrideProblems];

  const value = overrides.reduce<unknown>(override, file.value);
  const report = (path: ConfigProblem["path"], what: string, where: "key" | "value" = "value") =>
    problems.push({ origin: originOf(overrides, path) ?? file.locate(path, where), path, what });
  for (const { path, what } of crossProblems(value)) report(path, what);

  const parsed = FILE_SCHEMA.safeParse(value, { error: describeIssue, reportInput: true });
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path as (string | number)[];
    if (issue.code !== "unrecognized_keys") report(path, issue.message);
    else for (const key of issue.keys) report([...path, key], unknownKey(path, key, jsonSchema), "key");
  }

  if (parsed.data !== undefined) {
    const { rules, rollUps, problems: wrong } = resolveRules(writtenRules(parsed.data));
    for (const { path, what } of [...wrong, ...detectionProblems(parsed.data.detection, [...rules, ...rollUps])])
      report(path, what);
  }

  const passwordOf = (file: string | undefined, path: ConfigProblem["path"]): string | null => {
    const password = file === undefined ? null : readPasswordFile(file);
    if (password?.failed !== undefined) report(path, `the file can't be read (${password.failed})`);
    return password?.text ?? null;
  };
  const passwords = {
    clickhouse: passwordOf(parsed.data?.clickhouse.password_file, ["clickhouse", "password_file"]),
    kafka: passwordOf(parsed.data?.kafka.sasl.password_file, ["kafka", "sasl", "password_file"]),
    registry: passwordOf(parsed.data?.topics.registry.password_file, ["topics", "registry", "password_file"]),
    serve: (parsed.data?.serve.users ?? []).map((user, index) => {
      const password = passwordOf(user.password_file, ["serve", "users", index, "password_file"]);
      if (password === "") report(["serve", "users", index, "password_file"], "the file's first line is empty");
      return password;
    }),
  };
  const keyHex = env[MASK_KEY_VARIABLE] || null;
  if (keyHex !== null && !isKeyText(keyHex)) {
    problems.push({ origin: MASK_KEY_VARIABLE, path: [], what: `must be ${KEY_TEXT_RULE}` });
  }
  if (parsed.data === undefined || problems.length > 0) throw invalidConfig(problems, fileName);
  return deepFreeze(toConfig(parsed.data, passwords, keyHex));
}

/**
 * The secret of a receiver, from its file or its variable; "" where it has none. Throws CONFIG_UNREADABLE, which tells the
 * name of file or variable and nothing of what is in it.
 */
export function readAlertSecret(
  { name, secretFile, secretVariable }: AlertReceiver,
  env: Environment = process.env,
): string {
  const unreadable = (what: string) =>
    new WeirError("CONFIG_UNREADABLE", `The secret of the receiver ${name} can't be read: ${what}.`);
  if (secretVariable !== null) {
    const value = env[secretVariable] ?? "";
    if (value === "") throw unreadable(`the variable ${secretVariable} is not set`);
    return value;
  }
  if (secretFile === null) return "";
  const { text, failed } = readPasswordFile(secretFile);
  if (text === undefined || text === "")
    throw unreadable(`the file ${secretFile} ${failed === undefined ? "is empty" : `gives ${failed}`}`);
  return text;
}

/** Whether people want colours on their terminals (NO_COLOR, see no-color.org, and TERM=dumb say no). */
export function wantsColor(env: Environment = process.env): boolean {
  return (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

function originOf(overrides: readonly Override[], path: ConfigProblem["path"]): string | undefined {
  return overrides.findLast((candidate) => writePath(candidate.path) === writePath(path))?.origin;
}

/** What the files of passwords hold; null where there is no such file. */
interface PasswordsOfFiles {
  readonly clickhouse: string | null;
  readonly kafka: string | null;
  readonly registry: string | null;
  /** In the order of serve.users. */
  readonly serve: readonly (string | null)[];
}

function toConfig(file: FileConfig, passwordsOfFiles: PasswordsOfFiles, keyHex: string | null): Config {
  const { clickhouse, batch, mask, retention } = file;
  const { rules, rollUps } = resolveRules(writtenRules(file));
  return {
    data: file.data,
    clickhouse: {
      url: clickhouse.url ?? null,
      username: clickhouse.username,
      password: passwordsOfFiles.clickhouse ?? clickhouse.password ?? "",
      passwordFile: clickhouse.password_file ?? null,
    },
    kafka: toKafka(file.kafka, passwordsOfFiles.kafka),
    sources: file.sources.map(({ disorder, lateness, ...source }) => ({
      ...source,
      topic: source.topic ?? null,
      service: source.service ?? null,
      disorderSeconds: disorder,
      latenessSeconds: lateness,
    })),
    lookups: file.lookups.map((lookup) => ({
      name: lookup.name,
      file: lookup.file,
      keyColumn: lookup.key_column ?? null,
      field: lookup.field as FieldName,
      columns: lookup.columns as Record<string, LookupTarget>,
    })),
    serviceRules: file.service_rules.map(({ field, service, ...comparison }) => {
      const [[how, text]] = Object.entries(comparison).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      );
      return { field: field as FieldName, how: how as ServiceRule["how"], text, service };
    }),
    formats: file.formats.map((format) => ({
      name: format.name,
      patterns: format.dissect,
      timeFormats: format.time_format ?? [],
      types: format.types,
      columns: format.columns,
      severities: format.severities,
      appendSeparator: format.append_separator,
      joins: format.join,
      isDetected: format.auto,
    })),
    sourceDefaults: {
      disorderSeconds: parseSeconds(PUNCTUALITY_DEFAULTS.disorder),
      latenessSeconds: parseSeconds(PUNCTUALITY_DEFAULTS.lateness),
    },
    batch: { recordsMax: batch.records, bytesMax: batch.bytes, recordBytesMax: batch.record_bytes },
    breaker: file.breaker,
    rules,
    rollUps,
    topics: toTopics(file.topics, passwordsOfFiles.registry),
    detection: toDetection(file.detection),
    alerts: toAlerts(file.alerts),
    mask: {
      enabled: mask.enabled,
      rules: mask.rules,
      patterns: mask.patterns.map((pattern) => ({ ...pattern, fields: pattern.fields ?? null })),
      allow: mask.allow,
      deny: mask.deny,
      keyFile: mask.key_file ?? null,
      keyHex,
    },
    retention: {
      eventsDays: retention.events,
      deadLettersDays: retention.dead_letters,
      partialsDays: retention.partials,
      windowsDays: retention.windows,
      topicsDays: retention.topics,
    },
    metrics: { listen: file.metrics.listen ?? null },
    serve: {
      listen: file.serve.listen,
      users: file.serve.users.map(({ name, role, password_sha256, password_file }, index) => {
        const password = passwordsOfFiles.serve[index];
        const passwordSha256 = password_sha256?.toLowerCase() ?? hashOf(password ?? "");
        return { name, role, passwordSha256, passwordFile: password_file ?? null };
      }),
    },
    log: file.log,
  };
}

function hashOf(password: string): string {
  return createHash("sha256").update(password).digest("hex");
}

function writtenRules(file: FileConfig) {
  return file.rules.map((written) => {
    const { name, version, window, group_by, distinct, where, from } = written;
    const common = { name, edition: version, windowSeconds: window, groupBy: group_by as GroupBy[] };
    return from === undefined
      ? ({ kind: "base", rule: { ...common, distinct: distinct ?? null, where, ...measuresOf(written) } } as const)
      : ({ kind: "rollUp", rule: { ...common, from } } as const);
  });
}

function toKafka(
  { brokers, client_id, group, session, tls, sasl, schemas }: FileConfig["kafka"],
  password: string | null,
): KafkaConfig {
  const { mechanism, username } = sasl;
  return {
    brokers,
    clientId: client_id,
    group,
    sessionMs: session * 1000,
    schemas: schemas.map(({ file, id }) => ({ file, id: id ?? null })),
    tls: tls.enabled
      ? { caFile: tls.ca_file ?? null, certFile: tls.cert_file ?? null, keyFile: tls.key_file ?? null }
      : null,
    sasl:
      mechanism === undefined
        ? null
        : {
            mechanism,
            username: username ?? "",
            password: password ?? sasl.password ?? "",
            passwordFile: sasl.password_file ?? null,
          },
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}
