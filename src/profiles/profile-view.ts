import type { JsonObject, JsonValue } from "../json.ts";
import { deepFreeze } from "../storage/cache/cache-value.ts";
import type { Asset } from "./asset.ts";
import type { ChannelIdentity, Consent, CustomerHeader, CustomerRecord, ProfileRecord } from "./customer.ts";
import type { FieldVersion } from "./field-version.ts";

/** A field version as callers see it. */
export interface FieldView extends Omit<FieldVersion, "sealedValue"> {
  /** True when the value is encrypted at rest. */
  readonly encrypted: boolean;
  /** True when the caller may not see the value, which is `null` then. */
  readonly masked: boolean;
}

/** One customer as callers see it. */
export interface Profile extends CustomerHeader {
  /** The active version of each field by name; an object without prototype. */
  readonly fields: Readonly<Record<string, FieldView>>;
  readonly assets: readonly Asset[];
  readonly identities: readonly ChannelIdentity[];
  readonly consents: readonly Consent[];
  /** Every version by name, newest first; only in a history read. */
  readonly fieldHistory?: Readonly<Record<string, readonly FieldView[]>>;
  readonly assetHistory?: readonly Asset[];
}

export interface Viewing {
  readonly mayReadPii: boolean;
  /** Opened values of encrypted versions by item id. */
  readonly opened: ReadonlyMap<string, JsonValue>;
}

export function fieldView(field: FieldVersion, viewing: Viewing): FieldView {
  const { sealedValue, ...rest } = field;
  const encrypted = sealedValue !== null;
  const masked = (field.isPii || encrypted) && !viewing.mayReadPii;
  const value = encrypted ? (viewing.opened.get(field.id) ?? null) : field.value;
  return { ...rest, value: masked ? null : value, encrypted, masked };
}

export function headerOf(customer: CustomerRecord): CustomerHeader {
  const { mergedIntoId: _, deletedAt: __, wrappedKey: ___, ...header } = customer;
  return header;
}

/** @param history the record was read with its whole history, which becomes part of the view */
export function profileView(record: ProfileRecord, viewing: Viewing, history: boolean): Profile {
  const views = record.fields.map((field) => fieldView(field, viewing));
  const profile: Profile = {
    ...headerOf(record.customer),
    fields: byName(views.filter((field) => field.status === "active" && field.deletedAt === null)),
    assets: record.assets.filter((asset) => asset.status === "active" && asset.deletedAt === null),
    identities: record.identities,
    consents: record.consents,
  };
  if (!history) return profile;
  const fieldHistory = emptyRecord<FieldView[]>();
  for (const view of views) {
    const versions = (fieldHistory[view.name] ??= []);
    versions.push(view);
  }
  return { ...profile, fieldHistory, assetHistory: record.assets };
}

/** Views of records that are kept, by the record: they are everybody's, too. */
const KEPT_VIEWS = { readable: new WeakMap<ProfileRecord, Profile>(), masked: new WeakMap<ProfileRecord, Profile>() };

/**
 * The view of a record that nobody can change and that holds nothing to be opened for this caller, made once for all who
 * may see the same; `undefined` for another record. Making one costs far more than finding the record in a cache.
 */
export function keptProfileView(record: ProfileRecord, mayReadPii: boolean): Profile | undefined {
  if (!Object.isFrozen(record)) return undefined;
  const views = mayReadPii ? KEPT_VIEWS.readable : KEPT_VIEWS.masked;
  const known = views.get(record);
  if (known) return known;
  if (mayReadPii && record.fields.some((field) => field.sealedValue !== null)) return undefined;
  const view = profileView(record, { mayReadPii, opened: NOTHING_OPENED }, false);
  views.set(record, deepFreeze(view as unknown as JsonObject) as unknown as Profile);
  return view;
}

const NOTHING_OPENED: ReadonlyMap<string, JsonValue> = new Map();

function byName(views: readonly FieldView[]): Record<string, FieldView> {
  const fields = emptyRecord<FieldView>();
  for (const view of views) fields[view.name] = view;
  return fields;
}

function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
