import type { CustomerId, ItemId } from "../identifiers.ts";
import type { InMemoryTable, InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import { compareText } from "../text-order.ts";
import type { Asset, AssetInsert } from "./asset.ts";
import type { MergeRecord } from "./change-set.ts";
import type { ChannelIdentity, Consent, CustomerRecord, ProfileRecord } from "./customer.ts";
import type { FieldInsert, FieldVersion } from "./field-version.ts";
import { type ItemLifecycle, isCurrentlyActive, isItemSource } from "./item.ts";
import type { LineageItem } from "./lineage.ts";
import type { CommittedItem } from "./profile-store.ts";

interface Sequenced {
  readonly sequence: bigint;
}
export type FieldRow = FieldInsert & Sequenced;
export type AssetRow = AssetInsert & Sequenced;
export type IdentityRow = ChannelIdentity & { readonly customerId: CustomerId };
export type ConsentRow = Consent & Sequenced & { readonly customerId: CustomerId };

/** The profile tables of one tenant within one unit of work, with the reads every operation shares. */
export class ProfileTables {
  readonly customers: InMemoryTable<CustomerRecord>;
  readonly identities: InMemoryTable<IdentityRow>;
  readonly consents: InMemoryTable<ConsentRow>;
  readonly fields: InMemoryTable<FieldRow>;
  readonly assets: InMemoryTable<AssetRow>;
  readonly merges: InMemoryTable<MergeRecord>;
  readonly base: InMemoryTables;

  constructor(tables: InMemoryTables) {
    this.base = tables;
    this.customers = tables.table("customers");
    this.identities = tables.table("channel_identities");
    this.consents = tables.table("consents");
    this.fields = tables.table("profile_fields");
    this.assets = tables.table("profile_assets");
    this.merges = tables.table("customer_merges");
  }

  liveCustomer(customerId: CustomerId): CustomerRecord | undefined {
    const customer = this.customers.get(customerId);
    return customer?.deletedAt === null ? customer : undefined;
  }

  item(id: string): FieldRow | AssetRow | undefined {
    return this.fields.get(id) ?? this.assets.get(id);
  }

  isOrphaned(item: FieldRow | AssetRow): boolean {
    return item.sources.some((source) => isItemSource(source) && this.isGone(source.id));
  }

  isGone(id: string): boolean {
    const item = this.item(id);
    return item === undefined || item.deletedAt !== null;
  }

  childrenOf(id: string): (FieldRow | AssetRow)[] {
    const derives = (item: FieldRow | AssetRow): boolean =>
      item.sources.some((source) => isItemSource(source) && source.id === id);
    return [...this.fields.filter(derives), ...this.assets.filter(derives)].sort(bySequence);
  }

  identitiesOf(customerId: CustomerId): ChannelIdentity[] {
    return this.identities
      .filter((row) => row.customerId === customerId)
      .map(({ customerId: _, ...identity }) => identity)
      .sort((a, b) => compareText(a.channel, b.channel) || compareText(a.channelUserId, b.channelUserId));
  }

  fieldsOf(customerId: CustomerId, matches: (row: FieldRow) => boolean): FieldRow[] {
    return this.fields.filter((row) => row.customerId === customerId && matches(row)).sort(newestFieldFirst);
  }

  assetsOf(customerId: CustomerId, matches: (row: AssetRow) => boolean): AssetRow[] {
    return this.assets.filter((row) => row.customerId === customerId && matches(row)).sort(newestAssetFirst);
  }

  profileOf(customer: CustomerRecord, scope: "active" | "history"): ProfileRecord {
    const inScope = (item: ItemLifecycle): boolean => scope === "history" || isCurrentlyActive(item);
    const id = customer.customerId;
    return {
      customer,
      identities: this.identitiesOf(id),
      consents: this.consents
        .filter((row) => row.customerId === id)
        .sort(bySequence)
        .map(({ customerId: _, sequence: __, ...consent }) => consent),
      fields: this.fieldsOf(id, inScope).map((row) => this.fieldOf(row)),
      assets: this.assetsOf(id, inScope).map((row) => this.assetOf(row)),
    };
  }

  fieldOf(row: FieldRow): FieldVersion {
    const { sequence: _, commitmentSecret: __, ...version } = row;
    return { ...version, isOrphaned: this.isOrphaned(row) };
  }

  assetOf(row: AssetRow): Asset {
    const { sequence: _, commitmentSecret: __, ...asset } = row;
    const derived = this.fields.filter(
      (field) =>
        field.deletedAt === null && field.sources.some((source) => source.id === row.id && isItemSource(source)),
    );
    const analysisFieldIds: ItemId[] = derived.sort(bySequence).map((field) => field.id);
    return { ...asset, isOrphaned: this.isOrphaned(row), analysisFieldIds };
  }

  committedItem(itemId: ItemId): CommittedItem | undefined {
    const row = this.item(itemId);
    if (!row || !this.liveCustomer(row.customerId)) return undefined;
    const { commitmentSecret } = row;
    if ("valueType" in row) return { commitmentSecret, kind: "profile_field", field: this.fieldOf(row) };
    return { commitmentSecret, kind: "profile_asset", checksum: row.checksum };
  }

  lineageItemOf(row: FieldRow | AssetRow): LineageItem {
    const isField = "valueType" in row;
    return {
      id: row.id,
      type: isField ? "profile_field" : "profile_asset",
      customerId: row.customerId,
      name: row.name,
      status: row.status,
      deleted: row.deletedAt !== null,
      collectedAt: isField ? row.collectedAt : row.uploadedAt,
      sources: row.sources,
    };
  }
}

export function identityKey(identity: { channel: string; channelUserId: string }): string {
  return `${identity.channel}\u0000${identity.channelUserId}`;
}

function bySequence(a: Sequenced, b: Sequenced): number {
  return a.sequence < b.sequence ? -1 : 1;
}

/** By name, then newest first. */
function newestFieldFirst(a: FieldRow, b: FieldRow): number {
  return compareText(a.name, b.name) || compareText(b.collectedAt, a.collectedAt) || bySequence(b, a);
}

function newestAssetFirst(a: AssetRow, b: AssetRow): number {
  return compareText(b.uploadedAt, a.uploadedAt) || bySequence(b, a);
}
