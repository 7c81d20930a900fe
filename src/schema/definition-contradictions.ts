import type { ErrorItem } from "../errors.ts";
import type { JsonValue } from "../json.ts";
import {
  ALLOWED_VALUE_LENGTH_MAX,
  ALLOWED_VALUES_MAX,
  FIELD_VALUE_TYPES,
  type FieldValueType,
  VALIDATION_REGEX_LENGTH_MAX,
} from "./field-definition.ts";
import { LinearPattern, PATTERN_PROBLEM_MESSAGES } from "./linear-pattern.ts";
import { VALUE_TYPES } from "./value-types/value-types.ts";

/** The members whose meaning depends on each other, each perhaps of the wrong shape. */
export interface DefinitionRules {
  readonly valueType?: unknown;
  readonly validationRegex?: unknown;
  readonly allowedValues?: unknown;
}

/**
 * What a definition's rules say against each other, and whether they can be applied at all. Members of the wrong
 * shape are passed over, since their shape is reported elsewhere.
 */
export function definitionContradictions(rules: DefinitionRules | null): ErrorItem[] {
  if (typeof rules !== "object" || rules === null) return [];
  const valueType = FIELD_VALUE_TYPES.find((type) => type === rules.valueType);
  const problems: ErrorItem[] = [];
  const pattern = checkPattern(rules.validationRegex, valueType, problems);
  checkAllowedValues(rules.allowedValues, { valueType, pattern }, problems);
  return problems;
}

function checkPattern(
  source: unknown,
  valueType: FieldValueType | undefined,
  problems: ErrorItem[],
): LinearPattern | undefined {
  if (typeof source !== "string" || source.length > VALIDATION_REGEX_LENGTH_MAX) return undefined;
  const path = "/validationRegex";
  const pattern = LinearPattern.compile(source);
  if (!(pattern instanceof LinearPattern)) {
    problems.push({ path, code: `pattern_${pattern}`, message: PATTERN_PROBLEM_MESSAGES[pattern] });
    return undefined;
  }
  if (valueType && VALUE_TYPES[valueType].canonicalForm !== "text") {
    const message = "Only text can match a pattern, and values of this type are not kept as text.";
    problems.push({ path, code: "contradiction", message });
    return undefined;
  }
  return pattern;
}

function checkAllowedValues(
  texts: unknown,
  rules: { valueType: FieldValueType | undefined; pattern: LinearPattern | undefined },
  problems: ErrorItem[],
): void {
  const { valueType, pattern } = rules;
  if (!valueType || !isListOfTexts(texts)) return;
  if (VALUE_TYPES[valueType].canonicalForm === "container") {
    const message = "Objects and arrays are not compared with a list of allowed values.";
    problems.push({ path: "/allowedValues", code: "contradiction", message });
    return;
  }
  const seen = new Set<JsonValue>();
  texts.forEach((text, index) => {
    const problem = allowedValueProblem(text, { valueType, pattern, seen });
    if (problem) problems.push({ path: `/allowedValues/${index}`, ...problem });
  });
}

function allowedValueProblem(
  text: string,
  rules: { valueType: FieldValueType; pattern: LinearPattern | undefined; seen: Set<JsonValue> },
): { code: string; message: string } | undefined {
  const coercion = VALUE_TYPES[rules.valueType].coerce(text, {});
  if (!coercion.ok) return { code: coercion.errorType, message: `Is no value of the type. ${coercion.message}` };
  if (rules.seen.has(coercion.value)) return { code: "duplicate", message: "Means the same as an earlier value." };
  rules.seen.add(coercion.value);
  if (rules.pattern && typeof coercion.value === "string" && !rules.pattern.matchesWhole(coercion.value)) {
    return {
      code: "contradiction",
      message: "Does not match the definition's pattern, so it could never be accepted.",
    };
  }
  return undefined;
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= ALLOWED_VALUES_MAX &&
    value.every((text) => typeof text === "string" && text.length <= ALLOWED_VALUE_LENGTH_MAX)
  );
}
