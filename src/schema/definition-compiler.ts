import type { JsonValue } from "../json.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { type FieldDefinition, isInForce } from "./field-definition.ts";
import { LinearPattern } from "./linear-pattern.ts";
import type { Coerce, CoercionOptions } from "./value-types/coercion.ts";
import { VALUE_TYPES } from "./value-types/value-types.ts";

/** A definition with everything prepared that checking a value needs. */
export interface CompiledDefinition {
  readonly definition: FieldDefinition;
  readonly inForce: boolean;
  readonly coerce: Coerce;
  readonly coercionOptions: CoercionOptions;
  /** `invalid` when the stored pattern does not compile on this engine. */
  readonly pattern: LinearPattern | "invalid" | undefined;
  /** Canonical values; `undefined` allows all. */
  readonly allowedValues: ReadonlySet<JsonValue> | undefined;
}

/** Prepares a definition for `validateValue`. Never throws: what does not compile is reported by validation. */
export function compileDefinition(definition: FieldDefinition, options: CoercionOptions = {}): CompiledDefinition {
  const { coerce } = VALUE_TYPES[definition.valueType];
  return {
    definition,
    inForce: isInForce(definition),
    coerce,
    coercionOptions: options,
    pattern: compilePattern(definition.validationRegex),
    allowedValues: canonicalSet(definition.allowedValues, (text) => coerce(text, options)),
  };
}

function compilePattern(source: string | null): CompiledDefinition["pattern"] {
  if (source === null) return undefined;
  const pattern = LinearPattern.compile(source);
  return pattern instanceof LinearPattern ? pattern : "invalid";
}

function canonicalSet(texts: readonly string[] | null, coerce: (text: string) => ReturnType<Coerce>) {
  if (texts === null) return undefined;
  const set = new Set<JsonValue>();
  for (const text of texts) {
    const coercion = coerce(text);
    if (coercion.ok) set.add(coercion.value);
  }
  return set;
}

const COMPILED_DEFINITIONS_MAX = 2_000;

/** Keeps compiled definitions by id and version, the latest used `COMPILED_DEFINITIONS_MAX` of them. */
export class DefinitionCompiler {
  readonly #compiled: BoundedCache<CompiledDefinition>;
  readonly #options: CoercionOptions;

  constructor(options: CoercionOptions & { readonly entriesMax?: number | undefined } = {}) {
    this.#options = { defaultRegion: options.defaultRegion };
    this.#compiled = new BoundedCache(options.entriesMax ?? COMPILED_DEFINITIONS_MAX);
  }

  compile(definition: FieldDefinition): CompiledDefinition {
    const key = `${definition.id}:${definition.version}`;
    const cached = this.#compiled.get(key);
    if (cached && sameRules(cached.definition, definition)) return cached;
    const compiled = compileDefinition(definition, this.#options);
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

/** A version number that was given out inside a transaction that rolled back is given out again, for other rules. */
function sameRules(a: FieldDefinition, b: FieldDefinition): boolean {
  return (
    a === b ||
    (a.updatedAt === b.updatedAt &&
      a.valueType === b.valueType &&
      a.validationRegex === b.validationRegex &&
      a.enabled === b.enabled &&
      a.suggestionState === b.suggestionState &&
      sameTexts(a.allowedValues, b.allowedValues))
  );
}

function sameTexts(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
