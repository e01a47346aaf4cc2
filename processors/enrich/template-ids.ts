import type { Dictionary } from "../model/dictionary.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { templateId, templateOf } from "./template.ts";

/** Templates whose ids are remembered; a system has hundreds, and only one that makes them up has more. */
const TEMPLATES_MAX = 16_384;

/**
 * The part of enrichment that sets `templateIdLow` and `templateIdHigh` of every row from its body: 0, 0 for none.
 * Scans a body once per distinct value and hashes a template once. The batch's dictionary may forget its ids between
 * batches; then they are computed anew.
 */
export function createTemplateIds(): (batch: EventBatch) => void {
  const idsByTemplate = new Map<string, { low: number; high: number }>();
  let followed: Dictionary | null = null;
  let generation = -1;
  /** By dictionary id. Only bodies of rows are looked at: the dictionary holds the unmasked ones, too. */
  let isKnown = new Uint8Array(0);
  let lows = new Uint32Array(0);
  let highs = new Uint32Array(0);

  function idOf(body: string): { low: number; high: number } {
    const template = templateOf(body);
    const remembered = idsByTemplate.get(template);
    if (remembered !== undefined) return remembered;
    if (idsByTemplate.size >= TEMPLATES_MAX) idsByTemplate.clear();
    const id = templateId(template);
    idsByTemplate.set(template, id);
    return id;
  }

  /** Makes room for all ids of the dictionary, and forgets what was known of ids that have been given anew. */
  function follow(dictionary: Dictionary): void {
    const isSame = dictionary === followed && dictionary.generation === generation;
    if (isSame && dictionary.size <= isKnown.length) return;
    followed = dictionary;
    generation = dictionary.generation;
    const kept = isSame ? isKnown : new Uint8Array(0);
    const size = Math.max(1024, dictionary.size * 2);
    isKnown = new Uint8Array(size);
    isKnown.set(kept);
    lows = grown(lows, size);
    highs = grown(highs, size);
  }

  return function fillTemplateIds(batch) {
    const { body } = batch.strings;
    const { dictionary, ids } = body;
    if (body.isDirect) {
      for (let row = 0; row < batch.rows; row++) {
        if (ids[row] === 0) continue;
        const id = idOf(body.get(row));
        batch.templateIdLow[row] = id.low;
        batch.templateIdHigh[row] = id.high;
      }
      return;
    }
    if (dictionary.size === 1) return;
    follow(dictionary);
    for (let row = 0; row < batch.rows; row++) {
      const body = ids[row];
      if (isKnown[body] === 0) {
        const id = idOf(dictionary.values[body]);
        lows[body] = id.low;
        highs[body] = id.high;
        isKnown[body] = 1;
      }
      batch.templateIdLow[row] = lows[body];
      batch.templateIdHigh[row] = highs[body];
    }
  };
}

function grown(values: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(size);
  larger.set(values.subarray(0, size));
  return larger;
}
