import { type EventBatch, TIME_EVENT } from "../model/event-batch.ts";
import type { Container } from "./container.ts";
import type { Entries } from "./container-entries.ts";
import { SLOT_MARK, slot } from "./layout.ts";
import { createIsoTime, type IsoTime } from "./timestamp.ts";

/*
 * What a container's log says of a line beside the line itself: its time, as the attribute log.time and as the event time
 * where the line has none, and the stream, log.iostream.
 */

const TIME = "log.time";
const STREAM = "log.iostream";
const TIME_PIECE = slot(`a.${TIME}`);
/** Middles that are remembered, and how long one may be that stands in a layout. */
const MIDDLES_MAX = 64;
const MIDDLE_LENGTH_MAX = 256;

/** A layout of the inner line as it stands in the file. */
interface Composed {
  id: number;
  /** Quotes in the layout's constant text: where they are all that is escaped, the line comes back. */
  quotes: number;
}

export interface ContainerRow {
  /** Before the line is parsed. */
  begin(batch: EventBatch, entries: Entries, entry: number): void;
  /** After it was. `attributes` is how many there were before `begin`. */
  end(batch: EventBatch, row: number, entries: Entries, entry: number, attributes: number): void;
}

export function createContainerRow(container: Container): ContainerRow {
  const isoTime = createIsoTime();
  const iso: IsoTime = { us: 0, end: 0, fractionDigits: 0, zone: "", hasZone: false };
  let byMiddle = new Map<string, Map<number, Composed>>();
  let generation = -1;
  let timeKeyId = 0;
  let streamKeyId = 0;
  let keyGeneration = -1;
  /** What the line before had. */
  let lastMiddle = "";
  let lastInner = -1;
  let lastComposed: Composed = { id: 0, quotes: 0 };

  function compose(batch: EventBatch, inner: number, middle: string): Composed {
    if (inner === lastInner && middle === lastMiddle) return lastComposed;
    const { dictionary } = batch.strings.line_layout;
    let byInner = byMiddle.get(middle);
    if (byInner === undefined) {
      if (byMiddle.size >= MIDDLES_MAX) byMiddle.clear();
      byMiddle.set(middle, (byInner = new Map()));
    }
    let composed = byInner.get(inner);
    if (composed === undefined) {
      const parts = dictionary.values[inner].split("\x01");
      const constant = parts.filter((_, i) => i % 2 === 0).join("");
      const isDocker = container === "docker";
      const escaped = parts.map((part, i) => (i % 2 === 0 ? part.replaceAll('"', '\\"') : part)).join("\x01");
      const layout = isDocker
        ? `{"log":"${escaped}${middle}${TIME_PIECE}"}`
        : `${TIME_PIECE}${middle}${parts.join("\x01")}`;
      const quotes = isDocker ? constant.split('"').length - 1 : 0;
      // Other escapes in the constant text would be lost.
      composed = { id: dictionary.intern(layout), quotes: isDocker && constant.includes("\\") ? -2 : quotes };
      byInner.set(inner, composed);
    }
    lastMiddle = middle;
    lastInner = inner;
    lastComposed = composed;
    return composed;
  }

  return {
    begin({ attributes }, { timeBegin, timeEnd, streamBegin, streamEnd }, entry) {
      const { keys } = attributes;
      if (keys.generation !== keyGeneration) {
        timeKeyId = keys.intern(TIME);
        streamKeyId = keys.intern(STREAM);
        keyGeneration = keys.generation;
      }
      attributes.addSpan(timeKeyId, timeBegin[entry], timeEnd[entry]);
      attributes.addSpan(streamKeyId, streamBegin[entry], streamEnd[entry]);
    },

    end(batch, row, entries, entry, before) {
      const { attributes, strings, records } = batch;
      const timeEnd = entries.timeEnd[entry];
      const isTime = isoTime(records.text, entries.timeBegin[entry], timeEnd, iso) && iso.end === timeEnd;
      if (Number.isNaN(batch.timestampUs[row]) && isTime) {
        batch.timestampUs[row] = iso.us;
        batch.time_source[row] = TIME_EVENT;
      }
      const { line_layout } = strings;
      if (line_layout.dictionary.generation !== generation) {
        generation = line_layout.dictionary.generation;
        byMiddle = new Map();
        lastInner = -1;
      }
      const middle = entries.middle[entry];
      let isExact = entries.escapes[entry] >= 0 && isTime && batch.line_kept.isEmpty(row);
      if (middle.length > MIDDLE_LENGTH_MAX || middle.includes(SLOT_MARK)) isExact = false;
      const timeKey = attributes.keyIds[before];
      for (let i = before + 2; i < attributes.count; i++) if (attributes.keyIds[i] === timeKey) isExact = false;
      if (isExact) {
        const composed = compose(batch, line_layout.ids[row], middle);
        if (composed.quotes === entries.escapes[entry]) {
          line_layout.ids[row] = composed.id;
          return;
        }
      }
      line_layout.ids[row] = 0;
      batch.line_kept.setSpan(row, entries.outerBegin[entry], entries.outerEnd[entry]);
    },
  };
}
