import { JSON_DEPTH_MAX, type JsonObject, type JsonValue, storabilityProblem } from "../json.ts";

/** How large one field value may be: bytes of its JSON text in UTF-8. */
export const VALUE_BYTES_MAX = 64 * 1024;

/* No character takes more than six bytes of JSON, so a text this short fits whatever it holds. */
const SAFE_TEXT_LENGTH = Math.floor(VALUE_BYTES_MAX / 6) - 2;

export type StorableJson =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problem: string };

/**
 * A private plain copy of a JSON value, or why it cannot be stored. Every member is read once, so what was
 * checked is what is kept. Never throws, whatever the value is: getters, proxies and cycles are problems.
 */
export function storableJson(value: unknown): StorableJson {
  if (typeof value === "string") {
    const problem = textSizeProblem(value) ?? storabilityProblem(value);
    return problem === undefined ? { ok: true, value } : { ok: false, problem };
  }
  try {
    const copy = new JsonCopier().copy(value, 0);
    const problem = storabilityProblem(copy);
    return problem === undefined ? { ok: true, value: copy } : { ok: false, problem };
  } catch (error) {
    return { ok: false, problem: error instanceof NotStorable ? error.problem : "not JSON" };
  }
}

/** Why a text is too large to be a field value, or `undefined` when it is not. */
export function textSizeProblem(text: string): string | undefined {
  if (text.length <= SAFE_TEXT_LENGTH) return undefined;
  const fits = text.length <= VALUE_BYTES_MAX && Buffer.byteLength(JSON.stringify(text)) <= VALUE_BYTES_MAX;
  return fits ? undefined : TOO_LARGE;
}

const TOO_LARGE = `larger than ${VALUE_BYTES_MAX} bytes of JSON`;

/** Leaves the recursion below; never leaves this module. */
class NotStorable extends Error {
  readonly problem: string;
  constructor(problem: string) {
    super(problem);
    this.problem = problem;
  }
}

class JsonCopier {
  #bytesLeft = VALUE_BYTES_MAX;

  copy(value: unknown, depth: number): JsonValue {
    if (depth > JSON_DEPTH_MAX) throw new NotStorable(`nested deeper than ${JSON_DEPTH_MAX} levels`);
    if (typeof value === "object" && value !== null) {
      return Array.isArray(value) ? this.#copyArray(value, depth) : this.#copyObject(value, depth);
    }
    return this.#copyScalar(value);
  }

  #copyScalar(value: unknown): JsonValue {
    if (value === null || typeof value === "boolean") {
      this.#spend(value === false ? 5 : 4);
      return value;
    }
    if (typeof value === "string") {
      this.#spendText(value);
      return value;
    }
    if (typeof value !== "number" || !Number.isFinite(value)) throw new NotStorable("not JSON");
    this.#spend(String(value).length);
    return value === 0 ? 0 : value;
  }

  #copyArray(array: readonly unknown[], depth: number): JsonValue {
    this.#spend(2);
    const copy: JsonValue[] = [];
    for (let index = 0; index < array.length; index++) {
      if (index > 0) this.#spend(1);
      copy.push(this.copy(array[index], depth + 1));
    }
    return copy;
  }

  #copyObject(object: object, depth: number): JsonObject {
    if (!isPlain(object)) throw new NotStorable("not JSON");
    this.#spend(2);
    const copy: Record<string, JsonValue> = {};
    let separator = 1;
    for (const key of Object.keys(object)) {
      if (key === "__proto__") throw new NotStorable("holds the reserved key __proto__");
      this.#spendText(key);
      this.#spend(separator);
      separator = 2;
      copy[key] = this.copy((object as Record<string, unknown>)[key], depth + 1);
    }
    return copy;
  }

  #spendText(text: string): void {
    this.#spend(text.length);
    this.#spend(Buffer.byteLength(JSON.stringify(text)) - text.length);
  }

  #spend(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft < 0) throw new NotStorable(TOO_LARGE);
  }
}

/** Plain in any realm: its prototype is absent or is itself the end of the chain. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
