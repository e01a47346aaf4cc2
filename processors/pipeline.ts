import { createAggregate } from "./aggregate/aggregate.ts";
import { type AvroSchema, createAvroDecode } from "./decode/avro.ts";
import { decodeJson } from "./decode/json-pieces.ts";
import { createEventsEncoder, rowsByDay } from "./encode/events.ts";
import { type DeadRuns, deadRunsOf, encodeDeadLetters, encodeLedger, ledgerRowOf } from "./encode/ledger.ts";
import { encodePartials } from "./encode/partials.ts";
import type { BatchIdentity } from "./encode/token.ts";
import { createEnrich } from "./enrich/enrich.ts";
import type { Mask } from "./mask/mask.ts";
import { createMaskStage } from "./mask/stage.ts";
import { type DeadLetter, EventBatch } from "./model/event-batch.ts";
import type { LedgerRow, Versions } from "./model/ledger.ts";
import { type Lookups, NO_LOOKUPS, type ServiceRule } from "./model/lookups.ts";
import type { InsertBlock } from "./model/ports.ts";
import type { RecordBatch } from "./model/record.ts";
import type { Rule } from "./model/rule.ts";
import { createParse, type ParseOptions, type SourceNames } from "./parse/parse.ts";

export type { SourceNames };

/**
 * Version of the program's own rules: what the stages make of the same bytes. Rises with every change that makes other
 * rows; a batch that was planned under another version is not mixed with rows of this one.
 */
export const TRANSFORM_VERSION = "15";

export interface PipelineOptions {
  readonly parse: ParseOptions;
  readonly rules: readonly Rule[];
  /** null: masking is switched off. */
  readonly maskOf: ((tenant: string) => Mask) | null;
  readonly countryOf: (address: string) => string;
  readonly serviceRules?: readonly ServiceRule[];
  /** The user's tables as they are now; a batch uses those that `run` is given, or else those of its beginning. */
  readonly lookups?: () => Lookups;
  readonly versions: Versions;
  /** By which Avro records may be written. */
  readonly avroSchemas?: readonly AvroSchema[];
  /** Rows to make room for. A larger batch makes room for itself. */
  readonly rowsMax: number;
}

/** A batch ready to be inserted, in this order: events (one insert a day), dead letters, partials, and last the ledger. */
export interface EncodedBatch {
  readonly events: readonly { readonly day: number; readonly block: InsertBlock }[];
  readonly deadLetters: InsertBlock | null;
  readonly partials: InsertBlock | null;
  readonly ledger: InsertBlock;
  readonly row: LedgerRow;
  /** Records that became dead letters, with their reasons. */
  readonly refused: readonly DeadLetter[];
  readonly deadRuns: DeadRuns;
}

/** Versions of what a batch is made with when it uses these tables. */
export function withLookups(versions: Versions, { version }: Lookups): Versions {
  return version === "" ? versions : { ...versions, lookup: `${versions.lookup} ${version}` };
}

/** Parsing is the longest stage, and inserts wait for the same thread: it pauses after so many records. */
const PARSE_RECORDS = 16_384;

/**
 * The data path, top to bottom in the order the data takes it. No I/O, no clock: records in, rows out.
 *
 * `run` yields the name of each stage when it is done (parse, the longest, also on its way), so that the caller can let other work in between, and returns the
 * encoded batch. Its bytes are valid until the run after the next.
 */
export interface Pipeline {
  /** `names`: instead of those that the pipeline was made with. */
  run(
    records: RecordBatch,
    identity: BatchIdentity,
    lookups?: Lookups,
    names?: SourceNames,
  ): Generator<string, EncodedBatch>;
}

/** Yielded instead of a stage's name while another batch is in the pipeline: nothing goes on before other work ran. */
export const WAITING = "wait";

export function createPipeline(options: PipelineOptions): Pipeline {
  const batch = new EventBatch(options.rowsMax);
  const decode = decodeOf(options);
  const parse = createParse(options.parse);
  const mask = options.maskOf === null ? null : createMaskStage(options.maskOf, options.parse.tenant);
  const enrich = createEnrich({ countryOf: options.countryOf, serviceRules: options.serviceRules ?? [] });
  const aggregate = createAggregate(options.rules);
  // Two encoders in turn: one batch is inserted while the next is encoded.
  const encoders = [createEventsEncoder(), createEventsEncoder()];
  let turn = 0;

  return {
    *run(records, identity, lookups = options.lookups?.() ?? NO_LOOKUPS, names = options.parse) {
      const decoded = decode(records);
      batch.begin(decoded, decoded.count + (decoded.pieces?.count ?? 0));
      for (let from = 0; from < records.count; from += PARSE_RECORDS) {
        parse(batch, from, Math.min(records.count, from + PARSE_RECORDS), names);
        yield "parse";
      }
      mask?.(batch);
      yield "mask";
      enrich(batch, lookups, names.service);
      yield "enrich";
      const shares = aggregate(batch);
      yield "aggregate";
      const encode = encoders[turn++ % 2];
      const days = rowsByDay(batch);
      const events = [...days].map(([day, selection]) => {
        const block = encode(batch, identity, day, selection);
        return {
          day,
          block: days.size === 1 ? block : { ...block, native: block.native.map((part) => new Uint8Array(part)) },
        };
      });
      const row = ledgerRowOf(batch);
      const { tenant } = options.parse;
      const { source } = names;
      const encoded: EncodedBatch = {
        events,
        deadLetters: encodeDeadLetters(batch, tenant, source, identity),
        partials: shares.rule.length === 0 ? null : encodePartials(shares, identity),
        ledger: encodeLedger(row, source, withLookups(options.versions, lookups), identity),
        row,
        refused: batch.deadLetters,
        deadRuns: deadRunsOf(batch),
      };
      yield "encode";
      return encoded;
    },
  };
}

/** How records become events, where a record may hold several or is no text. */
function decodeOf({ parse, avroSchemas = [] }: PipelineOptions): (records: RecordBatch) => RecordBatch {
  switch (parse.format) {
    case "avro":
      return createAvroDecode(avroSchemas);
    case "json":
      return decodeJson;
    default:
      return (records) => records;
  }
}
