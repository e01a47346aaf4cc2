import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CommitFacts } from "../audit/facts.ts";
import { type Audit, type Finding, judge, keyOf } from "../audit/judge.ts";
import { openExistingStore } from "../clickhouse/store.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { openKafka } from "../kafka/client.ts";
import { readGroupCommits } from "../kafka/group-commits.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import { decodePlan, decodeRewind, planEnd } from "../plan/plan.ts";
import type { Config } from "../runtime/config.ts";
import { findMissing } from "./audit-missing.ts";
import { type Retention, readStoreFacts } from "./audit-read.ts";
import { kafkaOptionsOf } from "./kafka-options.ts";
import { ownFormatsOf } from "./own-formats.ts";
import type { RereadPlace } from "./reread.ts";
import { storeOptionsOf } from "./workplace.ts";

export interface AuditOptions {
  readonly config: Config;
  readonly clock: Clock;
}

/** What an audit needs: a workplace has it, and so has whoever opened a store to look. */
export interface AuditPlace extends Pick<RereadPlace, "config" | "store" | "formats"> {
  /** null: commits are not kept here, and files can't be read again. */
  readonly journal: Journal | null;
  readonly clock: Clock;
  /** Nobody else writes meanwhile. */
  readonly isAlone: boolean;
  /** Commits that are kept elsewhere. */
  readonly commits?: () => Promise<readonly CommitFacts[]>;
  /** Events that are compared at once. */
  readonly stretchEvents?: number;
}

export interface AuditReport extends Audit {
  readonly retention: Retention;
  /** Why the commits in Kafka are not part of it. */
  readonly notRead?: string;
}

/** Work that is under way looks wrong for a moment: what is found counts if it is still there after so long. */
const LOOK_AGAIN_MS = 2000;

/** Audits a store from outside, also while another process holds it. Changes nothing. */
export async function audit({ config, clock }: AuditOptions): Promise<AuditReport> {
  const { directory } = config.data;
  const store = await openExistingStore(storeOptionsOf(config));
  let journal: Journal | null = null;
  try {
    if (existsSync(join(directory, "journal"))) journal = await openJournal(directory);
    const formats = ownFormatsOf(config);
    const kafka = await openCommits(config);
    try {
      const place = { config, store, journal, formats, clock, isAlone: store.kind === "embedded" };
      const report = await auditIn({ ...place, ...(kafka.commits === null ? {} : { commits: kafka.commits }) });
      return kafka.notRead === null ? report : { ...report, notRead: kafka.notRead };
    } finally {
      await kafka.close();
    }
  } finally {
    await journal?.close();
    await store.close();
  }
}

interface KafkaCommits {
  /** null: there are none to read, or Kafka does not answer. */
  readonly commits: (() => Promise<CommitFacts[]>) | null;
  readonly notRead: string | null;
  close(): Promise<void>;
}

/** The commits of the configured topics. A store is worth an audit without them. */
async function openCommits(config: Config): Promise<KafkaCommits> {
  const none = { commits: null, notRead: null, close: async () => {} };
  const topics = config.sources.flatMap(({ topic }) => (topic === null ? [] : [topic]));
  if (topics.length === 0 || config.kafka.brokers.length === 0) return none;
  try {
    const client = await openKafka(kafkaOptionsOf(config, null), topics);
    return {
      ...none,
      commits: async () =>
        (await readGroupCommits(client, config.kafka.group, topics)).flatMap(({ commit, begin, ...of }) =>
          commit === null ? [] : [commitFacts(of, commit, begin)],
        ),
      close: () => client.close(),
    };
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    return { ...none, notRead: error.message };
  }
}

/** The same in a place that is open. */
export async function auditIn(place: AuditPlace): Promise<AuditReport> {
  const first = await look(place);
  if (first.findings.length === 0 || place.isAlone) return first;
  await place.clock.sleep(LOOK_AGAIN_MS);
  const second = await look(place);
  const seen = new Set(first.findings.map(nameOf));
  const findings = second.findings.filter((finding) => seen.has(nameOf(finding)));
  const counts = new Map<string, number>();
  for (const finding of findings) counts.set(keyOf(finding), (counts.get(keyOf(finding)) ?? 0) + 1);
  const partitions = second.partitions.map((one) => ({ ...one, findings: counts.get(keyOf(one)) ?? 0 }));
  return { ...second, findings, partitions };
}

function nameOf(finding: Finding): string {
  return `${finding.code} ${keyOf(finding)} ${finding.ranges.join(" ")}`;
}

async function look(place: AuditPlace): Promise<AuditReport> {
  const { store, config, clock, journal, commits, stretchEvents } = place;
  const readCommits = async () => [
    ...(journal === null ? [] : journalCommits(journal)),
    ...((await commits?.()) ?? []),
  ];
  const commitsBefore = await readCommits();
  const { retention, ...facts } = await readStoreFacts(store, config, clock.nowUs(), stretchEvents);
  const commitsAfter = await readCommits();
  const sources = new Map(facts.ledger.map((one) => [keyOf(one), one.source]));
  const rereadPlace = journal === null ? null : { ...place, journal };
  const missing = await findMissing(rereadPlace, store, facts.rows, (one) => sources.get(keyOf(one)) ?? one.topic);
  return { ...judge({ ...facts, missing, commitsBefore, commitsAfter }), retention };
}

/** Files and pipes begin at 0, whatever is left of them. */
function journalCommits(journal: Journal): CommitFacts[] {
  return journal.view.range(["commit"]).map(({ key }) => {
    const [, topic, partition] = key as [string, string, number];
    return commitFacts({ topic, partition }, journal.committed(topic, partition) ?? { offset: 0n, metadata: "" }, 0n);
  });
}

export function commitFacts(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  { offset, metadata }: { readonly offset: bigint; readonly metadata: string },
  begin: bigint | null,
): CommitFacts {
  const plan = decodePlan(offset, metadata);
  const planned = plan === null ? offset : planEnd(plan);
  return { topic, partition, offset, planned, isRewinding: decodeRewind(metadata) !== null, begin };
}
