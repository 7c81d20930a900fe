import { addMs, type Instant } from "../clock.ts";
import type { JsonValue } from "../json.ts";
import type { CompiledDefinition } from "./definition-compiler.ts";
import { type FieldDefinition, type FieldValueType, isInForce, type ValidationMode } from "./field-definition.ts";
import { storableJson, VALUE_BYTES_MAX } from "./storable-json.ts";
import type { Coercion } from "./value-types/coercion.ts";
import { inferValueType, VALUE_TYPES } from "./value-types/value-types.ts";

export const VALIDATION_ERROR_TYPES = [
  "type_error",
  "format_error",
  "regex_error",
  "allowed_values_error",
  "config_error",
  "unknown_field",
  "tool_error",
] as const;
export type ValidationErrorType = (typeof VALIDATION_ERROR_TYPES)[number];

/** What is wrong with a value. The message holds neither the value nor the pattern. */
export interface ValidationIssue {
  readonly fieldName: string;
  readonly errorType: ValidationErrorType;
  readonly message: string;
}

export interface ValidationResult {
  /** Canonical when there are no errors, else the value as it was given; `null` when that cannot be stored. */
  readonly value: JsonValue;
  /** The definition's type when there are no errors, else the type the value looks like. */
  readonly valueType: FieldValueType;
  /** In the order type, pattern, allowed values. */
  readonly errors: readonly ValidationIssue[];
  /** False for errors in `strict` mode, and in every mode for a value that cannot be stored. */
  readonly accepted: boolean;
}

/**
 * Checks and coerces one value. `disabled` mode, and a definition that is not in force, leave the value alone but
 * for one rule that no mode lifts: it has to be JSON that can be stored, of at most `VALUE_BYTES_MAX`.
 * Deterministic; never throws.
 */
export function validateValue(compiled: CompiledDefinition, value: unknown, mode: ValidationMode): ValidationResult {
  if (mode === "disabled" || !compiled.inForce)
    return asGiven(value, { fieldName: compiled.definition.name, errors: NO_ISSUES, mode });
  const coercion = compiled.coerce(value, compiled.coercionOptions);
  const errors = issuesOf(compiled, value, coercion);
  if (errors === NO_ISSUES && coercion.ok) {
    return { value: coercion.value, valueType: compiled.definition.valueType, errors, accepted: true };
  }
  return asGiven(value, { fieldName: compiled.definition.name, errors, mode });
}

/** Validates a value of a field that no definition in force describes. */
export function validateUnknownField(fieldName: string, value: unknown, mode: ValidationMode): ValidationResult {
  const errors = mode === "disabled" ? NO_ISSUES : [unknownFieldIssue(fieldName)];
  return asGiven(value, { fieldName, errors, mode });
}

export function unknownFieldIssue(fieldName: string): ValidationIssue {
  return { fieldName, errorType: "unknown_field", message: "No definition describes this field." };
}

const NO_ISSUES: readonly ValidationIssue[] = Object.freeze([]);

function issuesOf(compiled: CompiledDefinition, given: unknown, coercion: Coercion): readonly ValidationIssue[] {
  if (coercion.ok && compiled.pattern === undefined && compiled.allowedValues === undefined) return NO_ISSUES;
  const fieldName = compiled.definition.name;
  const errors: ValidationIssue[] = [];
  if (!coercion.ok) errors.push({ fieldName, errorType: coercion.errorType, message: coercion.message });
  const value = coercion.ok ? coercion.value : given;
  const patternIssue = checkPattern(compiled, value, coercion.ok);
  if (patternIssue) errors.push({ fieldName, ...patternIssue });
  if (compiled.allowedValues && !compiled.allowedValues.has(value as JsonValue)) {
    errors.push({ fieldName, errorType: "allowed_values_error", message: "Must be one of the allowed values." });
  }
  return errors.length === 0 ? NO_ISSUES : errors;
}

function checkPattern(
  { pattern }: CompiledDefinition,
  value: unknown,
  typeIsRight: boolean,
): Omit<ValidationIssue, "fieldName"> | undefined {
  if (pattern === undefined) return undefined;
  if (pattern === "invalid")
    return { errorType: "config_error", message: "The definition's pattern does not compile." };
  if (typeof value !== "string") {
    return typeIsRight
      ? { errorType: "type_error", message: "Must be text, for the definition has a pattern." }
      : undefined;
  }
  // A text that is refused already is not worth matching when it is longer than any value may be.
  if (!typeIsRight && value.length > VALUE_BYTES_MAX) return undefined;
  return pattern.matchesWhole(value)
    ? undefined
    : { errorType: "regex_error", message: "Must match the definition's pattern." };
}

interface Findings {
  readonly fieldName: string;
  readonly errors: readonly ValidationIssue[];
  readonly mode: ValidationMode;
}

function asGiven(given: unknown, { fieldName, errors, mode }: Findings): ValidationResult {
  const storable = storableJson(given);
  if (storable.ok) {
    const accepted = errors.length === 0 || mode !== "strict";
    return { value: storable.value, valueType: inferValueType(storable.value), errors, accepted };
  }
  const date = VALUE_TYPES.date.coerce(given, {});
  if (typeof given === "object" && date.ok) {
    return { value: date.value, valueType: "date", errors, accepted: errors.length === 0 || mode !== "strict" };
  }
  return {
    value: null,
    valueType: "json",
    errors: withStorabilityIssue(fieldName, errors, storable.problem),
    accepted: false,
  };
}

function withStorabilityIssue(fieldName: string, errors: readonly ValidationIssue[], problem: string) {
  const message = `The value cannot be stored: ${problem}.`;
  if (errors.some((issue) => issue.message === message)) return errors;
  return [...errors, { fieldName, errorType: "type_error" as const, message }];
}

const STRICTNESS: Readonly<Record<ValidationMode, number>> = { disabled: 0, warn: 1, strict: 2 };

export interface ModeSources {
  readonly definition: ValidationMode | null;
  readonly agent: ValidationMode | null;
  readonly tenant: ValidationMode | null;
  /** What the caller of one write asks for; it may make validation stricter, never laxer. */
  readonly request: ValidationMode | null;
}

/** The definition's mode, else the agent's, else the tenant's, else `warn`; or the request's when that is stricter. */
export function effectiveMode({ definition, agent, tenant, request }: ModeSources): ValidationMode {
  const configured = definition ?? agent ?? tenant ?? "warn";
  return request !== null && STRICTNESS[request] > STRICTNESS[configured] ? request : configured;
}

const DAY_MS = 86_400_000;

/** When a value recorded now has to go, by the retention of a definition in force; `null` keeps it. */
export function expiresAtFor(definition: FieldDefinition, recordedAt: Instant): Instant | null {
  if (definition.retentionDays === null || !isInForce(definition)) return null;
  return addMs(recordedAt, definition.retentionDays * DAY_MS);
}
