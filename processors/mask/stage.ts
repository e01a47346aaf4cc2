import { Derivation } from "../model/derivation.ts";
import { type EventBatch, STRING_COLUMNS, type StringColumnName } from "../model/event-batch.ts";
import type { StringColumn } from "../model/string-column.ts";
import type { TextColumn } from "../model/text-column.ts";
import { type DeniedValue, lineWithoutDenied, withoutDenied } from "./denied.ts";
import type { Field, Mask } from "./mask.ts";

/**
 * What names the stream; there is nothing of a user in it. Layouts are masked: they hold the keys of a line, as text and
 * in the names of slots, and both come out as the attribute's key does.
 */
const NOT_MASKED: ReadonlySet<StringColumnName> = new Set(["tenant", "source", "format"]);
/** The columns that are masked. */
export const MASKED_COLUMNS = STRING_COLUMNS.filter((name) => !NOT_MASKED.has(name));
const TENANTS_REMEMBERED_MAX = 64;
const USER_AGENT = "user_agent_original";
const LAYOUT = "line_layout";
/** Stands around the names of slots in a layout; those of attributes begin with "a.". */
const SLOT_MARK = "\x01";
const ATTRIBUTE_SLOT = `${SLOT_MARK}a.`;
const DIGIT = /\d/;
/** `+1.415.555.2671` has four. */
const NAMES_OF_VALUE_MAX = 6;
const WITHHELD = "<payload:withheld>";

/** What is remembered for one tenant: answers per distinct value. */
interface TenantMask {
  readonly mask: Mask;
  /** Of MASKED_COLUMNS. */
  readonly fields: readonly Field[];
  readonly columns: readonly Derivation[];
  /** Of each attribute key id: the id of the masked key, or -1 when it wasn't asked yet. */
  keyIds: Int32Array;
  /** Of each attribute key id, valid where keyIds is: how its values are masked. */
  keyFields: (Field | undefined)[];
  keysGeneration: number;
}

/**
 * The stage that masks a batch in place: text columns, attributes, kept lines and dead letters, each row with the mask of
 * its tenant. A batch of one tenant, which is the usual one, costs one call per distinct value of a text column;
 * a mixed batch one per row and column.
 *
 * Dead letters belong to the tenant of their source, as which they are stored.
 */
export function createMaskStage(maskOf: (tenant: string) => Mask, sourceTenant = ""): (batch: EventBatch) => void {
  const tenants = new Map<string, TenantMask>();

  function tenantMask(tenant: string): TenantMask {
    let known = tenants.get(tenant);
    if (known === undefined) {
      const mask = maskOf(tenant);
      const fields = MASKED_COLUMNS.map((name) => mask.fieldOf(name, true));
      known = {
        mask,
        fields,
        columns: MASKED_COLUMNS.map((name, i) => new Derivation((value) => maskedValue(mask, name, fields[i], value))),
        keyIds: new Int32Array(0),
        keyFields: [],
        keysGeneration: -1,
      };
      const [oldest] = tenants.keys();
      if (tenants.size >= TENANTS_REMEMBERED_MAX) tenants.delete(oldest);
      tenants.set(tenant, known);
    }
    return known;
  }

  return function mask(batch) {
    const { rows } = batch;
    const tenant = batch.strings.tenant;
    const first = tenantMask(rows === 0 ? sourceTenant : tenant.get(0));
    const denied = first.mask.hasDenied ? deniedValues(batch, tenantMask) : null;
    if (isOneTenant(tenant.ids, rows)) {
      MASKED_COLUMNS.forEach((name, i) => {
        const column = batch.strings[name];
        if (column.isDirect && name !== USER_AGENT) maskDirect(batch, column, first.mask, first.fields[i]);
        else first.columns[i].apply(column, column, rows);
      });
      maskRows(batch, first, 0, rows, denied);
    } else {
      for (let row = 0; row < rows; row++) {
        const own = tenantMask(tenant.get(row));
        MASKED_COLUMNS.forEach((name, i) => {
          const column = batch.strings[name];
          if (column.ids[row] !== 0) column.set(row, maskedValue(own.mask, name, own.fields[i], column.get(row)));
        });
        maskRows(batch, own, row, row + 1, denied);
      }
    }
    if (batch.deadLetters.length === 0) return;
    const own = tenantMask(sourceTenant).mask;
    batch.deadLetters = batch.deadLetters.map((letter) => {
      // Nobody knows which of its values are those of denied fields.
      const payload = !own.hasDenied ? own.text(letter.payload) : WITHHELD;
      const isExact = letter.isExact && payload === letter.payload;
      return { ...letter, reason: own.text(letter.reason), payload, isExact };
    });
  };
}

function maskedValue(mask: Mask, name: StringColumnName, field: Field, value: string): string {
  if (name === USER_AGENT) return mask.userAgent(field, value);
  const masked = mask.valueOf(field, value);
  return name === LAYOUT ? withMaskedKeys(mask, masked) : masked;
}

/**
 * A key of an attribute. Of nested names, joined by dots, each may be a value, as a card number, and several together where
 * the value has dots itself, as a Brazilian tax number.
 */
function maskedKey(mask: Mask, key: string): string {
  let out = mask.text(key);
  for (let dot = out.indexOf("."); dot >= 0; dot = out.indexOf(".", dot + 1)) {
    out = out.slice(0, dot + 1) + mask.text(out.slice(dot + 1));
  }
  const names = out.split(".");
  const masked: string[] = [];
  for (let i = 0; i < names.length; ) {
    const field = mask.fieldOf(names[i - 1] ?? "", false);
    const maskPart = field.treatment === "masked" ? (part: string) => mask.valueOf(field, part) : mask.text;
    let count = DIGIT.test(names[i]) ? Math.min(NAMES_OF_VALUE_MAX, names.length - i) : 1;
    let part = names.slice(i, i + count).join(".");
    while (count > 1 && maskPart(part) === part) part = names.slice(i, i + --count).join(".");
    masked.push(maskPart(part));
    i += count;
  }
  return masked.join(".");
}

/** A layout names attributes by their keys. */
function withMaskedKeys(mask: Mask, layout: string): string {
  if (!layout.includes(ATTRIBUTE_SLOT)) return layout;
  return layout
    .split(SLOT_MARK)
    .map((piece, i) => (i % 2 === 1 && piece.startsWith("a.") ? `a.${maskedKey(mask, piece.slice(2))}` : piece))
    .join(SLOT_MARK);
}

/** A column that holds its texts as they stand. */
function maskDirect(batch: EventBatch, column: StringColumn, mask: Mask, field: Field): void {
  const texts = column.texts!;
  const { rows } = batch;
  for (let row = 0; row < rows; row++) {
    if (column.ids[row] === 0) continue;
    const masked = maskedText(batch, texts, row, mask, field);
    if (masked !== null) column.set(row, masked);
  }
}

/** What an entry becomes that is not empty; null if it stays. */
function maskedText({ window, records }: EventBatch, texts: TextColumn, at: number, mask: Mask, field: Field) {
  if (texts.isSpan(at)) return mask.spanOf(field, window, records.text, texts.begins[at], texts.ends[at]);
  const value = texts.get(at);
  const masked = mask.valueOf(field, value);
  return masked === value ? null : masked;
}

/** What denied fields hold, of each row, before anything is masked. */
function deniedValues(batch: EventBatch, tenantMask: (tenant: string) => TenantMask): DeniedValue[][] {
  const { strings, attributes, attributeEnds } = batch;
  const all: DeniedValue[][] = [];
  for (let row = 0; row < batch.rows; row++) {
    const { mask, fields } = tenantMask(strings.tenant.get(row));
    const values: DeniedValue[] = [];
    const add = (field: Field, raw: string) => {
      if (field.treatment === "denied" && raw !== "") values.push({ raw, pseudonym: mask.valueOf(field, raw) });
    };
    MASKED_COLUMNS.forEach((name, i) => {
      if (fields[i].treatment === "denied") add(fields[i], strings[name].get(row));
    });
    for (let i = row === 0 ? 0 : attributeEnds[row - 1]; i < attributeEnds[row]; i++) {
      add(mask.fieldOf(attributes.key(i), false), attributes.values.get(i));
    }
    // The longest first: it may hold another.
    all.push(values.sort((a, b) => b.raw.length - a.raw.length));
  }
  return all;
}

function isOneTenant(ids: Uint32Array, rows: number): boolean {
  for (let row = 1; row < rows; row++) if (ids[row] !== ids[0]) return false;
  return true;
}

/** Kept lines and attributes of the rows [from, to); with denied values, what other columns hold of them. */
function maskRows(
  batch: EventBatch,
  tenant: TenantMask,
  from: number,
  to: number,
  denied: readonly (readonly DeniedValue[])[] | null,
): void {
  const { mask } = tenant;
  const { line_kept: lines, attributes } = batch;
  const { keys, keyIds, values } = attributes;
  for (let row = from; row < to; row++) {
    if (lines.isEmpty(row)) continue;
    const line = lines.get(row);
    let masked = mask.text(line);
    if (denied !== null && denied[row].length > 0) masked = lineWithoutDenied(line, masked, denied[row]);
    if (masked !== line) lines.set(row, masked);
  }
  readyKeys(batch, tenant);
  const end = to === 0 ? 0 : batch.attributeEnds[to - 1];
  for (let i = from === 0 ? 0 : batch.attributeEnds[from - 1]; i < end; i++) {
    const id = keyIds[i];
    if (tenant.keyIds[id] < 0) {
      const key = keys.values[id];
      tenant.keyFields[id] = mask.fieldOf(key, false);
      tenant.keyIds[id] = keys.intern(maskedKey(mask, key));
    }
    keyIds[i] = tenant.keyIds[id];
    if (values.isEmpty(i)) continue;
    const masked = maskedText(batch, values, i, mask, tenant.keyFields[id] as Field);
    if (masked !== null) values.set(i, masked);
  }
  if (denied !== null) for (let row = from; row < to; row++) maskShared(batch, row, denied[row]);
}

/** The denied values of a row in its other columns and attributes. */
function maskShared(batch: EventBatch, row: number, denied: readonly DeniedValue[]): void {
  if (denied.length === 0) return;
  for (const name of MASKED_COLUMNS) {
    const column = batch.strings[name];
    if (column.ids[row] === 0 || name === "line_layout") continue;
    const value = column.get(row);
    const without = withoutDenied(value, denied);
    if (without !== value) column.set(row, without);
  }
  const { values } = batch.attributes;
  for (let i = row === 0 ? 0 : batch.attributeEnds[row - 1]; i < batch.attributeEnds[row]; i++) {
    if (values.isEmpty(i)) continue;
    const value = values.get(i);
    const without = withoutDenied(value, denied);
    if (without !== value) values.set(i, without);
  }
}

/** Makes room for every attribute key of the batch; forgets all answers when the dictionary was emptied. */
function readyKeys(batch: EventBatch, tenant: TenantMask): void {
  const { size, generation } = batch.attributes.keys;
  if (tenant.keysGeneration === generation && tenant.keyIds.length >= size) return;
  const keyIds = new Int32Array(Math.max(64, size * 2)).fill(-1);
  if (tenant.keysGeneration === generation) keyIds.set(tenant.keyIds);
  else tenant.keyFields = [];
  tenant.keyIds = keyIds;
  tenant.keysGeneration = generation;
}
