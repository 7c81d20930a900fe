import type { Instant } from "../clock.ts";
import type { JsonObject, JsonValue } from "../json.ts";

/** A value with more JSON nodes than this, or a longer text in it, cannot be read by a condition. */
const CONDITION_VALUE_NODES_MAX = 128;
const CONDITION_TEXT_LENGTH_MAX = 1_024;

export interface ConditionField {
  readonly name: string;
  readonly value: JsonValue;
  readonly verified: boolean;
}

/** The variables a condition sees, in the forms the expression engine takes. */
export interface ConditionContext {
  readonly fields: ReadonlyMap<string, unknown>;
  readonly verified: ReadonlyMap<string, boolean>;
  readonly session: ReadonlyMap<string, unknown>;
  readonly now: Date;
}

/**
 * @param fields the fields that count: active and not past their expiry
 * @param session variables of the running session, perhaps none
 */
export function conditionContext(
  fields: Iterable<ConditionField>,
  session: JsonObject,
  now: Instant,
): ConditionContext {
  const values = new Map<string, unknown>();
  const verified = new Map<string, boolean>();
  for (const field of fields) {
    values.set(field.name, operand(field.value));
    verified.set(field.name, field.verified);
  }
  const variables = new Map<string, unknown>();
  for (const name of Object.keys(session)) variables.set(name, operand(session[name] ?? null));
  return { fields: values, verified, session: variables, now: new Date(now) };
}

/**
 * Stands for a value that is too large to reason about. The engine does not know its class, so every use of it,
 * `has()` included, is an evaluation error.
 */
class TooLargeToRead {}
const TOO_LARGE_TO_READ = new TooLargeToRead();

function operand(value: JsonValue): unknown {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return new OperandBuilder().build(value) ?? TOO_LARGE_TO_READ;
}

/** Objects become maps: a member named `constructor` would make the engine take an object for a class instance. */
class OperandBuilder {
  #nodesLeft = CONDITION_VALUE_NODES_MAX;

  /** `undefined` when the value is too large. */
  build(value: JsonValue): unknown {
    if (--this.#nodesLeft < 0) return undefined;
    if (typeof value === "string") return value.length > CONDITION_TEXT_LENGTH_MAX ? undefined : value;
    if (typeof value !== "object" || value === null) return value;
    return Array.isArray(value) ? this.#list(value) : this.#map(value as JsonObject);
  }

  #list(array: readonly JsonValue[]): unknown[] | undefined {
    const list: unknown[] = [];
    for (const element of array) {
      const built = this.build(element);
      if (built === undefined) return undefined;
      list.push(built);
    }
    return list;
  }

  #map(object: JsonObject): ReadonlyMap<string, unknown> | undefined {
    const map = new Map<string, unknown>();
    for (const key of Object.keys(object)) {
      const built = this.build(object[key] ?? null);
      if (built === undefined) return undefined;
      map.set(key, built);
    }
    return map;
  }
}
