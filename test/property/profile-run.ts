import type { Instant } from "../../src/clock.ts";
import { addMs } from "../../src/clock.ts";
import { type ErrorKind, isVaultError } from "../../src/errors.ts";
import type { AgentId, CustomerId, ItemId, MergeId, ScenarioId, TenantId } from "../../src/identifiers.ts";
import type { FieldWrite, SourceInput } from "../../src/profiles/field-input.ts";
import type { Engine, TenantUnderTest } from "../../src/testing/engine.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { fieldDefinition, fieldRequirement } from "../../src/testing/schema-records.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import { vaultOver } from "../../src/testing/vault-under-test.ts";
import type { TenantVault } from "../../src/vault/tenant-vault.ts";
import type { Vault } from "../../src/vault.ts";
import type { Command, FieldChoice, SourceChoice } from "./profile-commands.ts";

const AGENT = "01890000-0000-7000-8000-00000000000a" as AgentId;
export const SCENARIO = "01890000-0000-7000-8000-0000000000f1" as ScenarioId;
const NOBODY = "01890000-0000-7000-8000-0000000000ff";
/** Part of every text that is written to be encrypted. */
export const SECRET = "kept-from-everyone";

/** A vault whose clock and ids start anew with each run, so that equal runs make equal ids. */
export class RunnableVault {
  readonly engine: Engine;
  readonly clock = new RestartableClock();
  #ids = seededIds(0);
  #vault: Vault | undefined;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  async start(tenantId: TenantId, seed: number): Promise<ProfileRun> {
    this.clock.restart();
    this.#ids = seededIds(seed, () => Date.parse(this.clock.now()));
    const ids = {
      uuid: <T extends string>() => this.#ids.uuid<T>(),
      bytes: (length: number) => this.#ids.bytes(length),
    };
    this.#vault ??= await vaultOver(this.engine, { clock: this.clock, ids });
    const tenant = await this.engine.newTenant(tenantId);
    await defineSchema(tenant);
    const run = new ProfileRun(this.#vault.tenant(tenantId), tenant, this.clock);
    for (const user of [0, 1, 2]) await run.execute({ kind: "arrive", user, externalId: undefined });
    return run;
  }
}

class RestartableClock {
  #clock = new ManualClock();
  now(): Instant {
    return this.#clock.now();
  }
  advance(ms: number): void {
    this.#clock.advance(ms);
  }
  restart(): void {
    this.#clock = new ManualClock();
  }
}

async function defineSchema({ schema }: TenantUnderTest): Promise<void> {
  const own = { agentId: AGENT };
  const definitions = [
    { name: "secret", valueType: "json", encryptionRequired: true, isPii: true },
    { name: "personal", isPii: true },
    { name: "mail", valueType: "email", validationMode: "strict" },
    { name: "aging", retentionDays: 1, freshnessSeconds: 30, requiredVerification: true },
  ] as const;
  for (const [index, definition] of definitions.entries()) {
    const id = `01890000-0000-7000-8000-0000000000d${index}` as never;
    await schema.putDefinition(fieldDefinition({ ...own, ...definition, id }));
    const requirement = { ...own, id, scenarioId: SCENARIO, fieldName: definition.name };
    await schema.putRequirement(fieldRequirement({ ...requirement, collectionOrder: -index + 9 }));
  }
}

const PURGE = { reason: "run" };
const UNEXPECTED: readonly ErrorKind[] = ["internal", "integrity", "unavailable", "timeout"];

export type Outcome = { readonly ok: unknown } | { readonly error: string; readonly details: unknown };

/** One run against one engine: what it made so far, and how each command is carried out. */
export class ProfileRun {
  readonly vault: TenantVault;
  readonly tenant: TenantUnderTest;
  readonly clock: RestartableClock;
  readonly customers: CustomerId[] = [];
  readonly items: { readonly id: ItemId; readonly type: "profile_field" | "profile_asset" }[] = [];
  readonly merges: MergeId[] = [];
  readonly #survivors = new Map<CustomerId, CustomerId>();
  /** Whose field it was when it was written; the customer may have been merged since. */
  readonly #fields: { readonly customerId: CustomerId; readonly name: string }[] = [];
  readonly #assets: { readonly customerId: CustomerId; readonly id: ItemId }[] = [];
  #fellows = 0;

  constructor(vault: TenantVault, tenant: TenantUnderTest, clock: RestartableClock) {
    this.vault = vault;
    this.tenant = tenant;
    this.clock = clock;
  }

  async execute(command: Command): Promise<Outcome> {
    try {
      return { ok: await this.#execute(this.vault, command) };
    } catch (error) {
      if (error instanceof Aborted) return { ok: "aborted" };
      // One caller after the other meets no outage and no conflict, and a broken invariant is never an answer.
      if (!isVaultError(error) || error.code === "write_conflict" || UNEXPECTED.includes(error.kind)) throw error;
      return { error: error.code, details: [error.details, error.errors] };
    }
  }

  #execute<Kind extends Command["kind"]>(vault: TenantVault, command: OfKind<Kind>): Promise<unknown> {
    const step = this.#steps[command.kind] as Step<Kind>;
    return step(vault, command);
  }

  readonly #steps: { readonly [Kind in Command["kind"]]: Step<Kind> } = {
    arrive: (vault, command) => this.#arrive(vault, command),
    write: (vault, command) => this.#write(vault, command),
    attest: (vault, command) => this.#attest(vault, command),
    register: (vault, command) => this.#register(vault, command),
    together: (vault, command) => this.#together(vault, command),
    merge: (vault, command) => this.#merge(vault, command),
    undo: (vault, command) => this.#undo(vault, command),
    wait: async (_vault, { ms }) => this.clock.advance(ms),
    pass: ({ lifecycle }, { ends, customer }) => {
      const customerId = customer === undefined ? null : this.#customer(customer);
      return ends === "expired" ? lifecycle.expireStale(customerId) : lifecycle.detectOrphans(customerId);
    },
    // The flag has no use case of its own, only the change of a definition, and so no place in a transaction here.
    flag: async (vault, { name, isPii }) =>
      vault === this.vault ? this.tenant.profiles.setPiiFlag(name, isPii) : undefined,
    update: (vault, { customer, externalId, verificationLevel, expectedVersion }) =>
      vault.customers.update(this.#customer(customer), { externalId, verificationLevel, expectedVersion }),
    deleteCustomer: (vault, { customer }) => vault.customers.delete(this.#customer(customer)),
    link: (vault, { customer, user, primary, verified }) =>
      vault.customers.linkIdentity(this.#customer(customer), { ...identity(user), primary, verified }),
    consent: (vault, { customer, granted }) =>
      vault.customers.recordConsent(this.#customer(customer), { consentType: "marketing", granted }),
    deleteField: (vault, { field, status, purge }) => {
      const { customerId, name } = this.#field(field);
      return vault.fields.delete(customerId, name, { status, purge: purge ? PURGE : undefined });
    },
    deleteAsset: (vault, command) => {
      const asset = pick(this.#assets, command.asset);
      const owner = this.#survivorOf(asset?.customerId ?? this.#customer(0));
      return vault.assets.delete(owner, asset?.id ?? (NOBODY as ItemId), { purge: command.purge ? PURGE : undefined });
    },
  };

  async #merge(vault: TenantVault, { target, source }: OfKind<"merge">): Promise<unknown> {
    const merge = await vault.merges.merge(this.#customer(target), this.#customer(source));
    this.merges.push(merge.mergeId);
    this.#survivors.set(merge.sourceCustomerId, merge.targetCustomerId);
    return merge;
  }

  async #undo(vault: TenantVault, command: OfKind<"undo">): Promise<unknown> {
    const merge = await vault.merges.undo(pick(this.merges, command.merge) ?? (NOBODY as MergeId));
    this.#survivors.delete(merge.sourceCustomerId);
    return merge;
  }

  async #together(vault: TenantVault, { commands, abort }: OfKind<"together">): Promise<unknown> {
    const made = [this.customers.length, this.items.length, this.merges.length] as const;
    const survivors = [...this.#survivors];
    try {
      return await vault.transaction(async (transaction) => {
        const answers = [];
        for (const command of commands) answers.push(await this.#execute(transaction, command));
        if (abort) throw new Aborted();
        return answers;
      });
    } catch (error) {
      [this.customers.length, this.items.length, this.merges.length] = made;
      this.#survivors.clear();
      for (const [merged, survivor] of survivors) this.#survivors.set(merged, survivor);
      throw error;
    }
  }

  async #arrive(vault: TenantVault, { user, externalId }: OfKind<"arrive">): Promise<unknown> {
    const channelIdentity = user === undefined ? undefined : identity(user);
    const answer = await vault.customers.getOrCreate({ channelIdentity, externalId });
    if (answer.created) this.customers.push(answer.profile.customerId);
    return answer;
  }

  async #write(vault: TenantVault, { customer, asAgent, fields }: OfKind<"write">): Promise<unknown> {
    const usesFellows = fields.some(({ sources }) => sources.some(({ of }) => of === "fellow"));
    const ids = fields.map(() => (usesFellows ? this.#nextFellow() : undefined));
    const write: FieldWrite = {
      agentId: asAgent ? AGENT : undefined,
      fields: fields.map((field, index) => ({ ...this.#fieldInput(field, asAgent, ids), id: ids[index] })),
    };
    const answer = await vault.fields.write(this.#customer(customer), write);
    for (const { field } of answer.results) {
      if (!field) continue;
      this.items.push({ id: field.id, type: "profile_field" });
      this.#fields.push({ customerId: field.customerId, name: field.name });
    }
    return answer;
  }

  #fieldInput(
    field: FieldChoice,
    asAgent: boolean,
    fellows: readonly (ItemId | undefined)[],
  ): FieldWrite["fields"][number] {
    const { name, value, confidence, verified, expiresInMs, collectedAgoMs, supersedeExisting } = field;
    const now = this.clock.now();
    return {
      name,
      value: name === "secret" && asAgent ? { [SECRET]: [SECRET, value] } : value,
      source: "user_provided",
      sources: this.#sources(field.sources, fellows),
      confidence,
      verified,
      supersedeExisting,
      expiresAt: expiresInMs === undefined ? undefined : addMs(now, expiresInMs),
      collectedAt: collectedAgoMs === undefined ? undefined : addMs(now, -collectedAgoMs),
    };
  }

  async #attest(vault: TenantVault, command: OfKind<"attest">): Promise<unknown> {
    const evidenceItemId = command.evidence === undefined ? undefined : pick(this.items, command.evidence)?.id;
    const verification = { method: "otp", by: "run", evidenceItemId };
    const { customerId, name } = this.#field(command.field);
    const field = await vault.fields[command.act](customerId, name, verification);
    this.items.push({ id: field.id, type: "profile_field" });
    return field;
  }

  async #register(vault: TenantVault, command: OfKind<"register">): Promise<unknown> {
    const { name, sources, expiresInMs, supersedeExisting } = command;
    const asset = await vault.assets.register(
      this.#customer(command.customer),
      {
        name,
        assetType: "image",
        mimeType: "image/png",
        sources: this.#sources(sources, []),
        expiresAt: expiresInMs === undefined ? undefined : addMs(this.clock.now(), expiresInMs),
        supersedeExisting,
      },
      { storageProvider: "s3", storagePath: name, sizeBytes: 3, checksum: "ab".repeat(32) },
    );
    this.items.push({ id: asset.id, type: "profile_asset" });
    this.#assets.push(asset);
    return asset;
  }

  #sources(choices: readonly SourceChoice[], fellows: readonly (ItemId | undefined)[]): SourceInput[] {
    const possible = choices.filter(({ of }) => of !== "item" || this.items.length > 0);
    return possible.map(({ of, place, wrongKind }) => {
      if (of === "external") return { type: "external", id: `record-${place}`, metadata: { place } };
      if (of === "fellow") return { type: "profile_field", id: pick(fellows, place) ?? NOBODY };
      const item = pick(this.items, place) ?? { id: NOBODY, type: "profile_field" };
      const otherKind = item.type === "profile_field" ? "profile_asset" : "profile_field";
      return { type: wrongKind ? otherKind : item.type, id: item.id };
    });
  }

  #field(place: number) {
    const { customerId, name } = pick(this.#fields, place) ?? { customerId: this.#customer(0), name: "free" };
    return { customerId: this.#survivorOf(customerId), name };
  }

  #survivorOf(customerId: CustomerId): CustomerId {
    const survivor = this.#survivors.get(customerId);
    return survivor === undefined ? customerId : this.#survivorOf(survivor);
  }

  #customer(place: number): CustomerId {
    return pick(this.customers, place) ?? (NOBODY as CustomerId);
  }

  /** An id the caller chooses. */
  #nextFellow(): ItemId {
    return `01890000-0000-7000-9000-${(++this.#fellows).toString(16).padStart(12, "0")}` as ItemId;
  }
}

type OfKind<Kind extends Command["kind"]> = Extract<Command, { readonly kind: Kind }>;
type Step<Kind extends Command["kind"]> = (vault: TenantVault, command: OfKind<Kind>) => Promise<unknown>;

class Aborted extends Error {}

function pick<T>(list: readonly T[], place: number): T | undefined {
  return list.length === 0 ? undefined : list[place % list.length];
}

function identity(user: number) {
  return { channel: user % 2 ? "webchat" : "whatsapp", channelUserId: `user-${user}` } as const;
}
