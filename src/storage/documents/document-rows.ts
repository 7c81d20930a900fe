import type { JsonObject } from "../../json.ts";
import type { CallOptions } from "../call-options.ts";
import type { DocumentBody, JsonMergePatch } from "../document-store.ts";
import type { Filter, OrderKey } from "../filter.ts";
import type { SortKeys } from "../filters/sort-position.ts";
import type { VersionedCallOptions } from "../repository.ts";

export interface DocumentRow {
  readonly id: string;
  readonly version: number;
  readonly document: JsonObject;
}

/** A document that can be stored: a copy that nobody else has, and its JSON. */
export interface CheckedDocument {
  readonly id: string;
  readonly document: DocumentBody;
  readonly json: string;
}

export interface CheckedPatch {
  readonly id: string;
  readonly patch: JsonMergePatch;
  readonly json: string;
}

export interface DocumentScan {
  readonly filter: Filter | undefined;
  readonly orderBy: readonly OrderKey[];
  /** Only what comes after this place. */
  readonly after: SortKeys | undefined;
  readonly limit: number;
}

/**
 * The documents of one collection of one tenant, as an engine keeps them. What it is given has been checked. Writes
 * reject with `record_exists`, whose details name the rule.
 */
export interface DocumentRows {
  /** In any order. */
  get(ids: readonly string[], options: CallOptions): Promise<readonly DocumentRow[]>;
  scan(scan: DocumentScan, options: CallOptions): Promise<readonly DocumentRow[]>;
  count(filter: Filter | undefined, options: CallOptions): Promise<number>;
  exists(id: string, options: CallOptions): Promise<boolean>;
  /** All or none. */
  insert(documents: readonly CheckedDocument[], options: CallOptions): Promise<void>;
  /** Its new version; `undefined` when there is no such document in the expected version. */
  replace(document: CheckedDocument, options: VersionedCallOptions): Promise<number | undefined>;
  /** Its new version. */
  upsert(document: CheckedDocument, options: CallOptions): Promise<number>;
  /** As it is then; `undefined` when there is no such document in the expected version. */
  patch(patch: CheckedPatch, options: VersionedCallOptions): Promise<DocumentRow | undefined>;
  /** Whether there was one in the expected version. */
  delete(id: string, options: VersionedCallOptions): Promise<boolean>;
  deleteMany(filter: Filter, options: CallOptions): Promise<number>;
}
