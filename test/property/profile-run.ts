import type { Instant } from "../../src/clock.ts";
import { addMs } from "../../src/clock.ts";
import { isVaultError } from "../../src/errors.ts";
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

export const AGENT = "01890000-0000-7000-8000-00000000000a" as AgentId;
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
    const requirement = { ...own, id: id as never, scenarioId: SCENARIO, fieldName: definition.name };
    await schema.putRequirement(fieldRequirement({ ...requirement, collectionOrder: -index + 9 }));
  }
}

export type Outcome = { readonly ok: unknown } | { readonly error: string; readonly details: unknown };

/** One run against one engine: what it made so far, and how each command is carried out. */
export class ProfileRun {
  readonly vault: TenantVault;
  readonly tenant: TenantUnderTest;
  readonly clock: RestartableClock;
  readonly customers: CustomerId[] = [];
  readonly items: { readonly id: ItemId; readonly type: "profile_field" | "profile_asset" }[] = [];
  readonly merges: MergeId[] = [];
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
      if (!isVaultError(error)) throw error;
      return { error: error.code, details: [error.details, error.errors] };
    }
  }

  async #execute(vault: TenantVault, command: Command): Promise<unknown> {
    switch (command.kind) {
      case "wait":
        return this.clock.advance(command.ms);
      case "together":
        return this.#together(vault, command);
      case "expire":
        return vault.lifecycle.expireStale(command.customer === undefined ? null : this.#customer(command.customer));
      case "orphan":
        return vault.lifecycle.detectOrphans(command.customer === undefined ? null : this.#customer(command.customer));
      case "flag":
        return this.tenantOf(vault).setPiiFlag(command.name, command.isPii);
      case "merge": {
        const merge = await vault.merges.merge(this.#customer(command.target), this.#customer(command.source));
        this.merges.push(merge.mergeId);
        return merge;
      }
      case "undo":
        return vault.merges.undo(pick(this.merges, command.merge) ?? (NOBODY as MergeId));
      default:
        return this.#executeOnCustomer(vault, command);
    }
  }

  async #executeOnCustomer(vault: TenantVault, command: CustomerCommand): Promise<unknown> {
    switch (command.kind) {
      case "arrive":
        return this.#arrive(vault, command);
      case "write":
        return this.#write(vault, command);
      case "attest":
        return this.#attest(vault, command);
      case "register":
        return this.#register(vault, command);
      default:
        return this.#changeCustomer(vault, command);
    }
  }

  async #changeCustomer(vault: TenantVault, command: PlainCommand): Promise<unknown> {
    const field = command.kind === "deleteField" ? this.#field(command.field) : undefined;
    const customerId = field?.customerId ?? this.#customer("customer" in command ? command.customer : 0);
    const purge = { reason: "run" };
    switch (command.kind) {
      case "update": {
        const { externalId, verificationLevel, expectedVersion } = command;
        return vault.customers.update(customerId, { externalId, verificationLevel, expectedVersion });
      }
      case "deleteCustomer":
        return vault.customers.delete(customerId);
      case "link": {
        const { user, primary, verified } = command;
        return vault.customers.linkIdentity(customerId, { ...identity(user), primary, verified });
      }
      case "consent":
        return vault.customers.recordConsent(customerId, { consentType: "marketing", granted: command.granted });
      case "deleteField":
        return vault.fields.delete(customerId, field?.name ?? "free", {
          status: command.status,
          purge: command.purge ? purge : undefined,
        });
      case "deleteAsset": {
        const asset = pick(this.#assets, command.asset);
        const assetId = asset?.id ?? (NOBODY as ItemId);
        return vault.assets.delete(asset?.customerId ?? customerId, assetId, {
          purge: command.purge ? purge : undefined,
        });
      }
    }
  }

  async #together(vault: TenantVault, { commands, abort }: Command & { kind: "together" }): Promise<unknown> {
    const made = [this.customers.length, this.items.length, this.merges.length] as const;
    try {
      return await vault.transaction(async (transaction) => {
        const answers = [];
        for (const command of commands) answers.push(await this.#execute(transaction, command));
        if (abort) throw new Aborted();
        return answers;
      });
    } catch (error) {
      [this.customers.length, this.items.length, this.merges.length] = made;
      throw error;
    }
  }

  /** The flag has no use case of its own but the change of a definition. */
  tenantOf(vault: TenantVault) {
    return vault === this.vault ? this.tenant.profiles : { setPiiFlag: async () => 0 };
  }

  async #arrive(vault: TenantVault, { user, externalId }: Command & { kind: "arrive" }): Promise<unknown> {
    const channelIdentity = user === undefined ? undefined : identity(user);
    const answer = await vault.customers.getOrCreate({ channelIdentity, externalId });
    if (answer.created) this.customers.push(answer.profile.customerId);
    return answer;
  }

  async #write(vault: TenantVault, { customer, asAgent, fields }: Command & { kind: "write" }): Promise<unknown> {
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

  async #attest(vault: TenantVault, command: Command & { kind: "attest" }): Promise<unknown> {
    const evidenceItemId = command.evidence === undefined ? undefined : pick(this.items, command.evidence)?.id;
    const verification = { method: "otp", by: "run", evidenceItemId };
    const { customerId, name } = this.#field(command.field);
    const field = await vault.fields[command.act](customerId, name, verification);
    this.items.push({ id: field.id, type: "profile_field" });
    return field;
  }

  async #register(vault: TenantVault, command: Command & { kind: "register" }): Promise<unknown> {
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
    return pick(this.#fields, place) ?? { customerId: this.#customer(0), name: "free" };
  }

  #customer(place: number): CustomerId {
    return pick(this.customers, place) ?? (NOBODY as CustomerId);
  }

  /** An id the caller chooses. */
  #nextFellow(): ItemId {
    return `01890000-0000-7000-9000-${(++this.#fellows).toString(16).padStart(12, "0")}` as ItemId;
  }
}

type CustomerCommand = Exclude<
  Command,
  { kind: "wait" | "together" | "expire" | "orphan" | "flag" | "merge" | "undo" }
>;
type PlainCommand = Exclude<CustomerCommand, { kind: "arrive" | "write" | "attest" | "register" }>;

class Aborted extends Error {}

function pick<T>(list: readonly T[], place: number): T | undefined {
  return list.length === 0 ? undefined : list[place % list.length];
}

function identity(user: number) {
  return { channel: user % 2 ? "webchat" : "whatsapp", channelUserId: `user-${user}` } as const;
}
