import type { AuditEventInsert } from "../audit/audit-event.ts";
import { type Instant, laterOf } from "../clock.ts";
import { invariant, VaultError } from "../errors.ts";
import type { ItemId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import { COMMITMENT_SECRET_BYTES, commitmentOf } from "../register/commitments.ts";
import type { DefinitionCompiler } from "../schema/definition-compiler.ts";
import { type FieldDefinition, isInForce, type ValidationMode } from "../schema/field-definition.ts";
import {
  effectiveMode,
  expiresAtFor,
  type ValidationResult,
  validateUnknownField,
  validateValue,
} from "../schema/validation.ts";
import { VALUE_TYPES } from "../schema/value-types/value-types.ts";
import type { ChangeSet, LifecycleChange } from "./change-set.ts";
import type { FieldInput, FieldOutcome, FieldWrite } from "./field-input.ts";
import type { FieldInsert, FieldVersion } from "./field-version.ts";
import { newLifecycle, superseded } from "./item.ts";
import { assertLineage, normaliseSources } from "./plan-sources.ts";
import { auditEvent, type UseCaseContext } from "./profile-audit.ts";
import type { WriteContext } from "./profile-store.ts";
import type { ValueSealer } from "./value-sealer.ts";

export interface FieldPlanning {
  readonly useCase: UseCaseContext;
  readonly compiler: DefinitionCompiler;
  /** The mode where neither definition, agent nor tenant has one. */
  readonly defaultMode: ValidationMode;
  /** Encrypts values whose definition asks for it; there is one whenever such a definition is in the context. */
  readonly sealer: ValueSealer | undefined;
}

export interface FieldWritePlan {
  /** `undefined` when a value was rejected, for then nothing is written. */
  readonly changes: ChangeSet | undefined;
  readonly outcomes: readonly FieldOutcome[];
}

/** Decides everything about a write of fields from what was read and what is asked. Pure but for fresh ids. */
export function planFieldWrite(context: WriteContext, write: FieldWrite, planning: FieldPlanning): FieldWritePlan {
  const at = laterOf(planning.useCase.clock.now(), context.customer.updatedAt);
  const checked = write.fields.map((input) => checkField(context, { input, write, planning }));
  const planned = checked.map((field) => versionOf(context, field, { at, planning }));
  assertLineage(
    planned.map(({ version }, index) => ({ ...version, kind: "profile_field", path: `/fields/${index}` })),
    context.items,
  );
  assertSupersedable(context, write.fields);
  const accepted = checked.every(({ result }) => result.accepted);
  const outcomes = planned.map(({ version, checked: { result } }): FieldOutcome => {
    const { name } = version;
    if (!result.accepted) return { name, outcome: "rejected", errors: result.errors };
    if (!accepted) return { name, outcome: "accepted", errors: result.errors };
    const { commitmentSecret: _, ...stored } = version;
    return { name, outcome: "accepted", errors: result.errors, field: { ...stored, isOrphaned: false } };
  });
  if (!accepted) return { changes: undefined, outcomes };
  return { changes: changesFor(context, planned, { at, useCase: planning.useCase }), outcomes };
}

interface CheckedField {
  readonly input: FieldInput;
  readonly definition: FieldDefinition | undefined;
  readonly result: ValidationResult;
}

function checkField(
  context: WriteContext,
  { input, write, planning }: { input: FieldInput; write: FieldWrite; planning: FieldPlanning },
): CheckedField {
  const definition = context.definitions.find((each) => each.name === input.name && isInForce(each));
  const mode = effectiveMode({
    definition: definition?.validationMode ?? null,
    agent: context.agentMode,
    tenant: context.tenantMode ?? planning.defaultMode,
    request: write.mode ?? null,
  });
  if (input.value === null || input.value === undefined) {
    const message = "The value is missing; delete the field instead of setting it to null.";
    const errors = [{ fieldName: input.name, errorType: "type_error" as const, message }];
    return { input, definition, result: { value: null, valueType: "json", errors, accepted: false } };
  }
  const result = definition
    ? validateValue(planning.compiler.compile(definition), input.value, mode)
    : checkUnknownField(input, mode);
  return { input, definition, result };
}

/** Without a definition the caller's own type still makes the value canonical. */
function checkUnknownField(input: FieldInput, mode: ValidationMode): ValidationResult {
  const result = validateUnknownField(input.name, input.value, mode);
  if (input.valueType === undefined || !result.accepted || mode === "disabled") return result;
  const coercion = VALUE_TYPES[input.valueType].coerce(input.value, {});
  if (coercion.ok) return { ...result, value: coercion.value, valueType: input.valueType };
  const issue = { fieldName: input.name, errorType: coercion.errorType, message: coercion.message };
  return { ...result, errors: [...result.errors, issue] };
}

interface PlannedVersion {
  readonly checked: CheckedField;
  readonly version: FieldInsert;
  readonly plainValue: JsonValue;
}

function versionOf(
  context: WriteContext,
  checked: CheckedField,
  { at, planning }: { at: Instant; planning: FieldPlanning },
): PlannedVersion {
  const { input, definition, result } = checked;
  const { ids } = planning.useCase;
  const id = input.id ?? ids.uuid<ItemId>();
  const version: FieldInsert = {
    ...newLifecycle(at),
    ...originOf(input),
    ...verificationOf(input, at),
    id,
    customerId: context.customer.customerId,
    name: input.name,
    ...storedValue(checked, { id, sealer: planning.sealer }),
    valueType: result.valueType,
    confidence: input.confidence ?? 1,
    requiresConfirmation: input.requiresConfirmation ?? false,
    collectedAt: input.collectedAt ?? at,
    expiresAt: earliest(input.expiresAt, definition && expiresAtFor(definition, at)),
    fieldDefinitionId: definition?.id ?? null,
    isPii: context.piiNames.includes(input.name),
    commitmentSecret: Buffer.from(ids.bytes(COMMITMENT_SECRET_BYTES)).toString("base64url"),
  };
  return { checked, version, plainValue: result.value };
}

/** In clear, or sealed when the definition asks for it; a rejected value is never stored. */
function storedValue(
  { input, definition, result }: CheckedField,
  { id, sealer }: { id: ItemId; sealer: ValueSealer | undefined },
): Pick<FieldInsert, "value" | "sealedValue"> {
  if (!definition?.encryptionRequired || !result.accepted) return { value: result.value, sealedValue: null };
  invariant(sealer, "a context with an encrypting definition comes with a sealer");
  return { value: null, sealedValue: sealer.seal(id, input.name, result.value) };
}

type Origin = Pick<
  FieldInsert,
  "source" | "sources" | "sourceSessionId" | "sourceScenarioId" | "sourceStepId" | "metadata"
>;

function originOf(input: FieldInput): Origin {
  return {
    source: input.source,
    sources: normaliseSources(input.sources),
    sourceSessionId: input.sourceSessionId ?? null,
    sourceScenarioId: input.sourceScenarioId ?? null,
    sourceStepId: input.sourceStepId ?? null,
    metadata: input.metadata ?? {},
  };
}

type FieldVerification = Pick<FieldInsert, "verified" | "verificationMethod" | "verifiedAt" | "verifiedBy">;

function verificationOf(input: FieldInput, at: Instant): FieldVerification {
  if (input.verified !== true) return UNVERIFIED;
  const { verificationMethod = null, verifiedBy = null } = input;
  return { verified: true, verificationMethod, verifiedAt: at, verifiedBy };
}

const UNVERIFIED: FieldVerification = { verified: false, verificationMethod: null, verifiedAt: null, verifiedBy: null };

/** The caller may ask for an earlier end than the retention of the definition, never for a later one. */
function earliest(asked: Instant | undefined, retention: Instant | null | undefined): Instant | null {
  if (asked === undefined) return retention ?? null;
  return retention === null || retention === undefined || asked < retention ? asked : retention;
}

function assertSupersedable(context: WriteContext, inputs: readonly FieldInput[]): void {
  const blocked = inputs.find(
    (input) =>
      input.supersedeExisting === false &&
      context.currentFields.some((field) => field.name === input.name && field.status === "active"),
  );
  if (blocked) {
    throw new VaultError("active_field_exists", `The field ${blocked.name} has an active version.`, {
      details: { name: blocked.name },
    });
  }
}

function changesFor(
  context: WriteContext,
  planned: readonly PlannedVersion[],
  { at, useCase }: { at: Instant; useCase: UseCaseContext },
): ChangeSet {
  const endFields: LifecycleChange[] = [];
  const audit: AuditEventInsert[] = [];
  for (const { version, plainValue } of planned) {
    const replaced = context.currentFields.filter((field) => field.name === version.name);
    endFields.push(...replaced.map((field) => ({ id: field.id, ...superseded(field, version.id, at) })));
    audit.push(fieldWritten(useCase, { version, plainValue, replaced, at }));
  }
  const { customer } = context;
  return {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: { ...customer, updatedAt: at, lastInteractionAt: at, version: customer.version + 1 },
    endFields,
    insertFields: planned.map(({ version }) => version),
    audit,
  };
}

function fieldWritten(
  useCase: UseCaseContext,
  written: {
    readonly version: FieldInsert;
    readonly plainValue: JsonValue;
    readonly replaced: readonly FieldVersion[];
    readonly at: Instant;
  },
): AuditEventInsert {
  const { version, plainValue, replaced, at } = written;
  return auditEvent(useCase, {
    eventType: "field_written",
    customerId: version.customerId,
    subjectId: version.id,
    at,
    data: {
      name: version.name,
      valueType: version.valueType,
      source: version.source,
      sources: version.sources.map(({ type, id }) => ({ type, id })),
      supersedes: replaced.map((field) => field.id),
      valueCommitment: commitmentOf(version.commitmentSecret, version.id, plainValue),
    },
  });
}
