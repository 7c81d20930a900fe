import type { z } from "zod";
import type { AuditEvent } from "../audit/audit-event.ts";
import type { Profile } from "../profiles/profile-view.ts";
import { PENDING } from "../register/seal.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import { type SealJson, sealJson } from "./register-answers.ts";
import type { ReadonlyValue } from "./route.ts";
import type { ledgerPlace } from "./schemas/register-schemas.ts";

type Seals = Pick<TenantVault, "seals">;
type LedgerPlaceJson = ReadonlyValue<z.input<typeof ledgerPlace>>;

/** The events, each with where it is in the register: all of it in one read. */
export async function withLedgerPlaces<Event extends AuditEvent>(
  { seals }: Seals,
  events: readonly Event[],
): Promise<readonly (Event & { readonly ledger: LedgerPlaceJson })[]> {
  const found = await seals.ofEvents(events.map(({ id }) => id));
  return events.map((event) => {
    const place = sealJson(found.get(event.id) ?? PENDING);
    const receipt = `/v1/audit/events/${event.id}/receipt`;
    return { ...event, ledger: place.status === "pending" ? place : { ...place, receipt } };
  });
}

/** The profile; when it has its history, each version with its seal, all of it in one read. */
export async function withSealedHistory({ seals }: Seals, found: Profile) {
  const { fieldHistory, assetHistory, ...profile } = found;
  // Most reads are of a profile that is kept as it is, and nothing is copied for them.
  if (!fieldHistory || !assetHistory) return found as typeof profile;
  const versions: readonly { readonly id: string }[] = [...Object.values(fieldHistory).flat(), ...assetHistory];
  const places = await seals.ofItems(versions.map(({ id }) => id));
  const withSeal = <Item extends { readonly id: string }>(item: Item) => {
    return { ...item, seal: sealJson(places.get(item.id) ?? PENDING) };
  };
  const sealedFields = Object.entries(fieldHistory).map(([name, fields]) => [name, fields.map(withSeal)] as const);
  return { ...profile, fieldHistory: Object.fromEntries(sealedFields), assetHistory: assetHistory.map(withSeal) };
}

/** The items, each with where the event is sealed that it came to be with: all of it in one read. */
export async function withSeals<Item extends { readonly id: string }>(
  { seals }: Seals,
  items: readonly Item[],
): Promise<readonly (Item & { readonly seal: SealJson })[]> {
  const found = await seals.ofItems(items.map(({ id }) => id));
  return items.map((item) => ({ ...item, seal: sealJson(found.get(item.id) ?? PENDING) }));
}
