import type { ParseResult } from "@marcbachmann/cel-js";
import { VaultError } from "../errors.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { ConditionContext } from "./condition-context.ts";
import { CONDITION_LENGTH_MAX, conditionLanguage, LINEAR_MATCH, UTC_TIMESTAMP } from "./condition-language.ts";
import { applyConditionRules, type ConditionProblem } from "./condition-rules.ts";
import { LinearPattern } from "./linear-pattern.ts";

/**
 * What a condition came to. `error` means that it could not be answered: a field it compares is absent, a value has
 * an unexpected type, or the stored text does not compile any more.
 */
export type ConditionOutcome = "true" | "false" | "error";

const COMPILED_CONDITIONS_MAX = 2_000;

type Compiled =
  | { readonly ok: true; readonly run: ParseResult }
  | { readonly ok: false; readonly problem: ConditionProblem };

/**
 * Compiles conditions once and keeps the latest used `COMPILED_CONDITIONS_MAX` of them.
 *
 * A condition is a CEL expression over `fields` (name to value of the fields that count), `verified` (name to
 * boolean), `session` (name to value) and `now`. Whether a field is there is asked with `has(fields.name)`. As in
 * CEL, `a || b` is true and `a && b` is false as soon as one side says so, even when the other cannot be answered.
 */
export class ConditionCompiler {
  readonly #compiled: BoundedCache<Compiled>;
  readonly #patterns: BoundedCache<LinearPattern>;
  readonly #language = conditionLanguage((text, pattern) => this.#pattern(pattern).matchesSomewhere(text));

  constructor(options: { readonly entriesMax?: number | undefined } = {}) {
    const entriesMax = options.entriesMax ?? COMPILED_CONDITIONS_MAX;
    this.#compiled = new BoundedCache(entriesMax);
    this.#patterns = new BoundedCache(entriesMax);
  }

  /** Why a text is not a condition, or `undefined` when it is one: its syntax, its names and its types are checked. */
  problem(source: string): ConditionProblem | undefined {
    const compiled = this.#compile(source);
    return compiled.ok ? undefined : compiled.problem;
  }

  /** Never throws. */
  evaluate(source: string, context: ConditionContext): ConditionOutcome {
    const compiled = this.#compile(source);
    if (!compiled.ok) return "error";
    try {
      const result: unknown = compiled.run({ ...context });
      return typeof result === "boolean" ? (result ? "true" : "false") : "error";
    } catch {
      return "error";
    }
  }

  #compile(source: string): Compiled {
    const cached = this.#compiled.get(source);
    if (cached) return cached;
    const compiled = this.#compileNow(source);
    this.#compiled.set(source, compiled);
    return compiled;
  }

  #compileNow(source: string): Compiled {
    if (source.length > CONDITION_LENGTH_MAX) {
      return refused("too_long", `The condition has more than ${CONDITION_LENGTH_MAX} characters.`);
    }
    try {
      const run = this.#language.parse(source);
      const problem = applyConditionRules(run.ast);
      return problem ? { ok: false, problem } : withCheckedTypes(run);
    } catch (error) {
      return celProblem(error);
    }
  }

  #pattern(source: string): LinearPattern {
    const cached = this.#patterns.get(source);
    if (cached) return cached;
    const pattern = LinearPattern.compile(source);
    if (!(pattern instanceof LinearPattern)) throw new VaultError("invalid_value", "The pattern does not compile.");
    this.#patterns.set(source, pattern);
    return pattern;
  }
}

function withCheckedTypes(run: ParseResult): Compiled {
  const check = run.check();
  if (!check.valid) return celProblem(check.error);
  if (check.type === "bool" || check.type === "dyn") return { ok: true, run };
  return refused("not_boolean", "The condition does not come to true or false.");
}

function celProblem(error: unknown): Compiled {
  if (!(error instanceof Error)) return refused("invalid_condition", "The condition does not compile.");
  const { code, summary } = error as Error & { code?: string; summary?: string };
  const message = (summary ?? "The condition does not compile.")
    .replaceAll(LINEAR_MATCH, "matches")
    .replaceAll(UTC_TIMESTAMP, "timestamp");
  return refused(code ?? "invalid_condition", message);
}

function refused(code: string, message: string): Compiled {
  return { ok: false, problem: { code, message } };
}
