export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export const JSON_DEPTH_MAX = 32;

/**
 * Why a value cannot be stored, or `undefined` when it can. PostgreSQL's `jsonb` refuses NUL and lone
 * surrogates, so every engine does; `__proto__` is refused because readers in many languages trip over it.
 */
export function storabilityProblem(value: unknown, depth = 0): string | undefined {
  if (depth > JSON_DEPTH_MAX) return `nested deeper than ${JSON_DEPTH_MAX} levels`;
  switch (typeof value) {
    case "string":
      return textProblem(value);
    case "number":
      return Number.isFinite(value) ? undefined : "not a finite number";
    case "boolean":
      return undefined;
    case "object":
      return value === null ? undefined : containerProblem(value, depth);
    default:
      return "not JSON";
  }
}

function containerProblem(value: object, depth: number): string | undefined {
  if (Array.isArray(value)) {
    for (const element of value) {
      const problem = storabilityProblem(element, depth + 1);
      if (problem) return problem;
    }
    return undefined;
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === "__proto__") return "holds the reserved key __proto__";
    const problem = textProblem(key) ?? storabilityProblem(member, depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

/** Why a text cannot be stored, or `undefined` when it can. */
export function textProblem(text: string): string | undefined {
  if (text.includes("\u0000")) return "holds a NUL character";
  return text.isWellFormed() ? undefined : "holds a lone surrogate";
}
