import { Derivation } from "../model/derivation.ts";
import { type EventBatch, STRING_COLUMNS, type StringColumnName } from "../model/event-batch.ts";
import type { Mask } from "./mask.ts";

/**
 * What names the stream; there is nothing of a user in it. Layouts are masked: they hold the keys of a line, as text and
 * in the names of slots, and both come out as the attribute's key does.
 */
const NOT_MASKED: ReadonlySet<StringColumnName> = new Set(["tenant", "source", "format"]);
const MASKED_COLUMNS = STRING_COLUMNS.filter((name) => !NOT_MASKED.has(name));
const TENANTS_REMEMBERED_MAX = 64;
const SECRET = "<secret>";

/** What is remembered for one tenant: answers per distinct value. */
interface TenantMask {
  readonly mask: Mask;
  readonly columns: readonly Derivation[];
  /** Of each attribute key id: the id of the masked key, or -1 when it wasn't asked yet. */
  keyIds: Int32Array;
  /** Of each attribute key id, valid where keyIds is: 1 = its values are secrets. */
  secretKeys: Uint8Array;
  keysGeneration: number;
}

/**
 * The stage that masks a batch in place: text columns, attributes, kept lines and dead letters, each row with the mask of
 * its tenant. A batch of one tenant, which is the usual one, costs one call per distinct value of a text column;
 * a mixed batch one per row and column.
 *
 * A dead letter's tenant is unknown if its record gave no row: the batch's first row decides, or tenant "".
 */
export function createMaskStage(maskOf: (tenant: string) => Mask): (batch: EventBatch) => void {
  const tenants = new Map<string, TenantMask>();

  function tenantMask(tenant: string): TenantMask {
    let known = tenants.get(tenant);
    if (known === undefined) {
      const mask = maskOf(tenant);
      known = {
        mask,
        columns: MASKED_COLUMNS.map((name) => new Derivation((value) => maskedValue(mask, name, value))),
        keyIds: new Int32Array(0),
        secretKeys: new Uint8Array(0),
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
    const first = tenantMask(rows === 0 ? "" : tenant.get(0));
    if (isOneTenant(tenant.ids, rows)) {
      MASKED_COLUMNS.forEach((name, i) => {
        first.columns[i].apply(batch.strings[name], batch.strings[name], rows);
      });
      maskRows(batch, first, 0, rows);
    } else {
      for (let row = 0; row < rows; row++) {
        const own = tenantMask(tenant.get(row));
        for (const name of MASKED_COLUMNS) {
          const column = batch.strings[name];
          if (column.ids[row] !== 0) column.set(row, maskedValue(own.mask, name, column.get(row)));
        }
        maskRows(batch, own, row, row + 1);
      }
    }
    batch.deadLetters = batch.deadLetters.map((letter) => {
      const payload = first.mask.text(letter.payload);
      const isExact = letter.isExact && payload === letter.payload;
      return { ...letter, reason: first.mask.text(letter.reason), payload, isExact };
    });
  };
}

function maskedValue(mask: Mask, name: StringColumnName, value: string): string {
  return name === "user_agent_original" ? mask.userAgent(value) : mask.value(name, value);
}

function isOneTenant(ids: Uint32Array, rows: number): boolean {
  for (let row = 1; row < rows; row++) if (ids[row] !== ids[0]) return false;
  return true;
}

/** Kept lines and attributes of the rows [from, to). */
function maskRows(batch: EventBatch, tenant: TenantMask, from: number, to: number): void {
  const { mask } = tenant;
  const { line_kept: lines, attributes } = batch;
  const { keys, keyIds, values } = attributes;
  for (let row = from; row < to; row++) {
    if (lines.isEmpty(row)) continue;
    const line = lines.get(row);
    const masked = mask.text(line);
    if (masked !== line) lines.set(row, masked);
  }
  readyKeys(batch, tenant);
  const end = to === 0 ? 0 : batch.attributeEnds[to - 1];
  for (let i = from === 0 ? 0 : batch.attributeEnds[from - 1]; i < end; i++) {
    const id = keyIds[i];
    if (tenant.keyIds[id] < 0) {
      const key = keys.values[id];
      tenant.keyIds[id] = keys.intern(mask.text(key));
      tenant.secretKeys[id] = mask.isSecretKey(key) ? 1 : 0;
    }
    keyIds[i] = tenant.keyIds[id];
    if (values.isEmpty(i)) continue;
    if (tenant.secretKeys[id] === 1) {
      values.set(i, SECRET);
      continue;
    }
    const value = values.get(i);
    // Most values have nothing to hide, and that shows without their key.
    if (mask.text(value) !== value) values.set(i, mask.value(keys.values[id], value));
  }
}

/** Makes room for every attribute key of the batch; forgets all answers when the dictionary was emptied. */
function readyKeys(batch: EventBatch, tenant: TenantMask): void {
  const { size, generation } = batch.attributes.keys;
  if (tenant.keysGeneration === generation && tenant.keyIds.length >= size) return;
  const keyIds = new Int32Array(Math.max(64, size * 2)).fill(-1);
  const secretKeys = new Uint8Array(keyIds.length);
  if (tenant.keysGeneration === generation) {
    keyIds.set(tenant.keyIds);
    secretKeys.set(tenant.secretKeys);
  }
  tenant.keyIds = keyIds;
  tenant.secretKeys = secretKeys;
  tenant.keysGeneration = generation;
}
