import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { AuditEvent, AuditEventType } from "../../src/audit/audit-event.ts";
import type { Asset } from "../../src/profiles/asset.ts";
import type { FieldView, Profile } from "../../src/profiles/profile-view.ts";
import { type HttpAnswer, type HttpApi, jsonOf } from "./http-api.ts";
import type { WriteLoad } from "./write-load.ts";

interface WrittenState {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly versions: ReadonlyMap<string, FieldView>;
  readonly assets: ReadonlyMap<string, Asset>;
}

/**
 * After an interruption: everything that was confirmed is there and whole, what was left open has exactly one effect
 * when it is repeated, and the tenant as a whole is consistent.
 */
export async function expectEverythingWritten(api: HttpApi, load: WriteLoad): Promise<void> {
  await repeatOpenRequests(api, load);
  const state = await readState(api);
  expectAcknowledged(state, load);
  await expectContents(api, load);
  expectConsistentProfiles(state);
  await expectOneEventEach(api, state);
}

async function expectContents(api: HttpApi, load: WriteLoad): Promise<void> {
  const downloads = [...load.acknowledged.assets].map(([id, asset]) => ({ id, ...asset }));
  await inParallel(downloads, async ({ id, customerId, checksum }) => {
    const { status, bytes } = await api.send(`/v1/customers/${customerId}/assets/${id}/content`);
    expect([status, createHash("sha256").update(bytes).digest("hex")]).toEqual([200, checksum]);
  });
}

function expectAcknowledged({ profiles, versions, assets }: WrittenState, { acknowledged }: WriteLoad): void {
  for (const [id, { channelUserId }] of acknowledged.customers) {
    const identities = profiles.get(id)?.identities ?? [];
    expect(
      identities.map((identity) => identity.channelUserId),
      `customer ${id}`,
    ).toEqual([channelUserId]);
  }
  for (const [id, { customerId, sent }] of acknowledged.fields) {
    const { name, value, sources } = sent;
    expect(versions.get(id), `field version ${id}`).toMatchObject({ customerId, name, value, sources });
  }
  for (const [id, { customerId, checksum, sources }] of acknowledged.assets) {
    expect(assets.get(id), `asset ${id}`).toMatchObject({ customerId, checksum, sources, status: "active" });
  }
}

/** Twice: the first time it is done or found to be done, the second time it is only told. */
async function repeatOpenRequests(api: HttpApi, load: WriteLoad): Promise<void> {
  for (const request of load.open) {
    const first = await api.write(request);
    jsonOf(first, 200, 201);
    const lost = load.lost.get(request);
    if (lost) expectReplayed(first, lost);
    expectReplayed(await api.write(request), first);
    if (first.headers.has("idempotency-replayed")) load.foundDone++;
    load.confirm(request, first);
  }
}

function expectReplayed({ headers, bytes }: HttpAnswer, original: HttpAnswer): void {
  expect(headers.get("idempotency-replayed")).toBe("true");
  expect(bytes.toString()).toBe(original.bytes.toString());
}

function expectConsistentProfiles({ profiles, versions, assets }: WrittenState): void {
  const values = [...versions.values()].map(({ value }) => value);
  expect(values.length, "no write has an effect twice").toBe(new Set(values).size);
  const names = [...assets.values()].map(({ name }) => name);
  expect(names.length, "no upload has an effect twice").toBe(new Set(names).size);
  const sources = [...versions.values(), ...assets.values()].flatMap((item) => item.sources);
  const items = sources.filter(({ type }) => type === "profile_field" || type === "profile_asset");
  expect(items.filter(({ id }) => !versions.has(id ?? "") && !assets.has(id ?? ""))).toEqual([]);
  for (const { fieldHistory = {} } of profiles.values()) {
    for (const history of Object.values(fieldHistory)) {
      expect(history.map(({ status }) => status)).toEqual(["active", ...history.slice(1).map(() => "superseded")]);
      const successors = history.map(({ supersededById }) => supersededById);
      expect(successors).toEqual([null, ...history.slice(0, -1).map(({ id }) => id)]);
    }
  }
}

/** The journal and the tables say the same, no more and no less. */
async function expectOneEventEach(api: HttpApi, state: WrittenState): Promise<void> {
  expect(await subjectsOf(api, "field_written")).toEqual([...state.versions.keys()].sort());
  expect(await subjectsOf(api, "asset_added")).toEqual([...state.assets.keys()].sort());
  expect(await subjectsOf(api, "customer_created")).toEqual([...state.profiles.keys()].sort());
}

async function subjectsOf(api: HttpApi, eventType: AuditEventType): Promise<string[]> {
  const events = await api.all<AuditEvent>(`/v1/audit/events?eventType=${eventType}`);
  return events.map(({ subjectId, customerId }) => subjectId ?? customerId ?? "nothing").sort();
}

/** Every customer with every version of everything. */
async function readState(api: HttpApi): Promise<WrittenState> {
  const customers = await api.all<{ customerId: string }>("/v1/customers");
  const profiles = new Map<string, Profile>();
  await inParallel(customers, async ({ customerId }) => {
    profiles.set(customerId, await api.json<Profile>(`/v1/customers/${customerId}?history=true`));
  });
  const found = [...profiles.values()];
  const versions = found.flatMap(({ fieldHistory = {} }) => Object.values(fieldHistory).flat());
  const assets = found.flatMap(({ assetHistory = [] }) => assetHistory);
  return {
    profiles,
    versions: new Map(versions.map((version) => [version.id, version])),
    assets: new Map(assets.map((asset) => [asset.id, asset])),
  };
}

/** The files of the blob store of a data directory. */
export async function storedFiles(dataDirectory: string): Promise<string[]> {
  const entries = await readdir(join(dataDirectory, "blobs"), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const READERS = 8;

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  const reader = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: READERS }, reader));
}
