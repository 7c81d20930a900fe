import { VaultError } from "../errors.ts";
import type { CustomerId, ItemId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import { isInForce } from "../schema/field-definition.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import { type Attempt, changeCustomer, findOfCustomer, requireWriteContext } from "./change-customer.ts";
import type { ChangeSet } from "./change-set.ts";
import type { FieldOutcome, FieldWrite, Verification } from "./field-input.ts";
import type { FieldVersion } from "./field-version.ts";
import type { StatusFilter } from "./item.ts";
import type { ExpectedVersion } from "./plan-customer-changes.ts";
import { type Attestation, planAttestation, planFieldDeletion, planPurge } from "./plan-field-changes.ts";
import { planFieldWrite } from "./plan-field-write.ts";
import { itemIdsOf } from "./plan-sources.ts";
import type { ProfileServiceOptions } from "./profile-services.ts";
import type { ProfileStore, WriteContext } from "./profile-store.ts";
import { type FieldView, fieldView } from "./profile-view.ts";

export interface FieldOutcomeView extends Omit<FieldOutcome, "field"> {
  readonly field?: FieldView;
}

export interface FieldWriteAnswer {
  /** In the order of the request. */
  readonly results: readonly FieldOutcomeView[];
  /** The customer's version afterwards. */
  readonly version: number;
}

export interface FieldDeletion {
  readonly status: StatusFilter;
  /** Removes the versions physically instead of leaving tombstones. */
  readonly purge?: { readonly reason: string } | undefined;
  readonly expectedVersion?: ExpectedVersion;
}

/** Use cases on the fields of customers. Every method may reject with `customer_not_found` or `customer_merged`. */
export class FieldService {
  readonly #options: ProfileServiceOptions;

  constructor(options: ProfileServiceOptions) {
    this.#options = options;
  }

  /**
   * Writes new versions of fields, all or none. Each supersedes the versions of its name that were current.
   *
   * Rejects with `schema_validation_failed` (its `details.results` tell the outcome of each field) when a value is
   * refused, `source_not_found`, `lineage_cycle`, `item_exists`, `active_field_exists`, `version_mismatch`.
   */
  async write(
    customerId: CustomerId,
    write: FieldWrite,
    options: { expectedVersion?: ExpectedVersion } = {},
  ): Promise<FieldWriteAnswer> {
    assertDistinctNames(write);
    const written = await changeCustomer(this.#options.store, (store, lock) =>
      this.#attemptWrite(store, { customerId, write, expectedVersion: options.expectedVersion, lock }),
    );
    const opened = await this.#options.keys.open(
      written.outcomes.flatMap(({ field }) => (field ? [field] : [])),
      this.#options.store,
    );
    const { mayReadPii } = this.#options.useCase.call;
    return {
      results: written.outcomes.map(({ field, ...outcome }) =>
        field ? { ...outcome, field: fieldView(field, { mayReadPii, opened }) } : outcome,
      ),
      version: written.version,
    };
  }

  async #attemptWrite(
    store: ProfileStore,
    asked: { customerId: CustomerId; write: FieldWrite; expectedVersion: ExpectedVersion; lock: boolean },
  ): Promise<Attempt<{ outcomes: readonly FieldOutcome[]; version: number }>> {
    const { write } = asked;
    const read = await requireWriteContext(store, asked, {
      agentId: write.agentId ?? null,
      names: write.fields.map((field) => field.name),
      itemIds: write.fields.flatMap((field) => [
        ...(field.id === undefined ? [] : [field.id]),
        ...(itemIdsOf(field.sources) as ItemId[]),
      ]),
    });
    const { context, sealer } = await this.#withSealer(read);
    const { useCase, compiler, defaultMode } = this.#options;
    const plan = planFieldWrite(context, write, { useCase, compiler, defaultMode, sealer });
    if (!plan.changes) {
      this.#reportInvalid(context, plan.outcomes);
      throw rejected(plan.outcomes);
    }
    const outcome = await store.apply(plan.changes);
    if (outcome === "applied") {
      this.#reportInvalid(context, plan.outcomes);
      this.#reportSuperseded(plan.changes);
    }
    return { outcome, result: { outcomes: plan.outcomes, version: plan.changes.customer.version } };
  }

  /** Only of defined fields: the name becomes a label of a metric, and any text can be an undefined name. */
  #reportInvalid(context: WriteContext, outcomes: readonly FieldOutcome[]): void {
    const { events, tenantId } = this.#options;
    for (const { name, outcome, errors } of outcomes) {
      if (errors.length === 0 || !context.definitions.some((definition) => definition.name === name)) continue;
      events.schemaValidationFailed({
        tenantId,
        fieldName: name,
        errorTypes: errors.map((error) => error.errorType),
        validationMode: outcome === "rejected" ? "strict" : "warn",
      });
    }
  }

  #reportSuperseded({ customerId, insertFields = [], endFields = [] }: ChangeSet): void {
    const { events, tenantId } = this.#options;
    for (const { id, supersededById } of endFields) {
      const successor = insertFields.find((field) => field.id === supersededById);
      if (!successor) continue;
      const { name: fieldName, id: newFieldId } = successor;
      events.profileFieldSuperseded({ tenantId, customerId, fieldName, oldFieldId: id, newFieldId });
    }
  }

  /** The customer's sealer when a definition asks for encryption; a first sealer brings a new key to the header. */
  async #withSealer(context: WriteContext) {
    if (!context.definitions.some((definition) => definition.encryptionRequired && isInForce(definition))) {
      return { context, sealer: undefined };
    }
    const { sealer, customer } = await this.#options.keys.sealerFor(context.customer);
    return { context: { ...context, customer }, sealer };
  }

  /** The newest version with the status. Rejects with `field_not_found`. */
  async get(customerId: CustomerId, name: string, status: StatusFilter = "active"): Promise<FieldView> {
    const { store } = this.#options;
    const field = await findOfCustomer(store, customerId, () => store.getField(customerId, name, status));
    if (!field) throw fieldNotFound(name);
    return (await this.#views([field]))[0] as FieldView;
  }

  /** Every version of a name, newest first, tombstones included. Rejects with `field_not_found`, `invalid_cursor`. */
  async history(customerId: CustomerId, name: string, page: PageRequest): Promise<Page<FieldView>> {
    const { store } = this.#options;
    const found = await findOfCustomer(store, customerId, async () => {
      const versions = await store.listFieldHistory(customerId, name, page);
      return versions.items.length === 0 && page.cursor === undefined ? undefined : versions;
    });
    if (!found) throw fieldNotFound(name);
    return { items: await this.#views(found.items), nextCursor: found.nextCursor };
  }

  async #views(fields: readonly FieldVersion[]): Promise<readonly FieldView[]> {
    const { mayReadPii } = this.#options.useCase.call;
    const opened = mayReadPii ? await this.#options.keys.open(fields, this.#options.store) : NOTHING_OPENED;
    return fields.map((field) => fieldView(field, { mayReadPii, opened }));
  }

  /**
   * Marks the active value as verified, by writing a version that says so. Rejects with `field_not_found`,
   * `source_not_found` for unknown evidence, `version_mismatch`.
   */
  verify(customerId: CustomerId, name: string, verification: Verification & Expectation): Promise<FieldView> {
    return this.#attest("verify", { customerId, name, verification });
  }

  /** Confirms the active value, so that it no longer requires confirmation. Rejects like `verify`. */
  confirm(customerId: CustomerId, name: string, verification: Verification & Expectation): Promise<FieldView> {
    return this.#attest("confirm", { customerId, name, verification });
  }

  async #attest(act: Attestation["act"], asked: AttestationRequest): Promise<FieldView> {
    const field = await changeCustomer(this.#options.store, (store, lock) =>
      this.#attemptAttest(store, act, { ...asked, lock }),
    );
    return (await this.#views([field]))[0] as FieldView;
  }

  async #attemptAttest(
    store: ProfileStore,
    act: Attestation["act"],
    { customerId, name, verification, lock }: AttestationRequest & { lock: boolean },
  ): Promise<Attempt<FieldVersion>> {
    const { evidenceItemId, expectedVersion } = verification;
    const context = await requireWriteContext(
      store,
      { customerId, expectedVersion, lock },
      { names: [name], itemIds: evidenceItemId === undefined ? [] : [evidenceItemId] },
    );
    const current = context.currentFields.find((field) => field.status === "active");
    if (!current) throw new VaultError("field_not_found", "The field has no active version.", { details: { name } });
    const evidence = context.items.find((item) => !item.deleted)?.kind;
    if (evidenceItemId !== undefined && (!evidence || evidenceItemId === current.id)) throw unknownEvidence();
    const opened = await this.#options.keys.open([current], store);
    // After a merge the value may be another customer's, and this one without a key until now.
    const { sealer, customer } =
      current.sealedValue === null
        ? { sealer: undefined, customer: context.customer }
        : await this.#options.keys.sealerFor(context.customer);
    const value: JsonValue = current.sealedValue === null ? current.value : (opened.get(current.id) ?? null);
    const { useCase } = this.#options;
    const plan = planAttestation(customer, current, { act, verification, evidence, value, sealer, useCase });
    return { outcome: await store.apply(plan.changes), result: plan.field };
  }

  /**
   * Deletes the versions of a name that have the status: tombstones, or with `purge` physically. Returns their ids.
   * Rejects with `field_not_found`, `version_mismatch`, and when purging `has_dependents`.
   */
  delete(customerId: CustomerId, name: string, deletion: FieldDeletion): Promise<{ deleted: readonly ItemId[] }> {
    const { useCase } = this.#options;
    return changeCustomer(this.#options.store, async (store, lock) => {
      const target = { customerId, expectedVersion: deletion.expectedVersion, lock };
      const { customer } = await requireWriteContext(store, target);
      const profile = await store.findProfile({ by: "id", customerId }, "history");
      // Of another moment, which the next attempt rules out.
      if (profile?.customer.version !== customer.version) return { outcome: "stale" };
      const found = profile.fields.filter((field) => field.name === name && isDeletable(field, deletion));
      if (found.length === 0) throw fieldNotFound(name);
      const outcome = deletion.purge
        ? await store.purge(
            planPurge(customer, found, { kind: "profile_field", reason: deletion.purge.reason, useCase }),
          )
        : await store.apply(planFieldDeletion(customer, found, useCase));
      return { outcome, result: { deleted: found.map((field) => field.id) } };
    });
  }
}

interface Expectation {
  readonly expectedVersion?: ExpectedVersion;
}

interface AttestationRequest {
  readonly customerId: CustomerId;
  readonly name: string;
  readonly verification: Verification & Expectation;
}

/** A purge reaches tombstones too; a deletion makes no second tombstone. */
function isDeletable(field: FieldVersion, { status, purge }: FieldDeletion): boolean {
  return (status === "any" || field.status === status) && (field.deletedAt === null || purge !== undefined);
}

function assertDistinctNames(write: FieldWrite): void {
  const seen = new Set<string>();
  for (const [index, { name }] of write.fields.entries()) {
    if (seen.has(name)) {
      const message = "Each name may occur once in a write.";
      throw new VaultError("invalid_request", message, {
        errors: [{ path: `/fields/${index}/name`, code: "duplicate", message }],
      });
    }
    seen.add(name);
  }
}

function rejected(outcomes: readonly FieldOutcome[]): VaultError {
  const results = outcomes.map(({ name, outcome, errors }) => ({ name, outcome, errors }));
  return new VaultError("schema_validation_failed", "At least one value was rejected; nothing was written.", {
    details: { results },
    errors: outcomes.flatMap(({ outcome, errors }, index) =>
      outcome === "rejected"
        ? errors.map(({ errorType, message }) => ({ path: `/fields/${index}/value`, code: errorType, message }))
        : [],
    ),
  });
}

function fieldNotFound(name: string): VaultError {
  return new VaultError("field_not_found", "The customer has no such field in this status.", { details: { name } });
}

function unknownEvidence(): VaultError {
  const message = "The evidence item does not exist.";
  return new VaultError("source_not_found", message, {
    errors: [{ path: "/evidenceItemId", code: "source_not_found", message }],
  });
}

const NOTHING_OPENED: ReadonlyMap<string, JsonValue> = new Map();
