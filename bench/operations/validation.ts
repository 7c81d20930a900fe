import { systemClock } from "../../src/clock.ts";
import { type AgentId, type FieldDefinitionId, UuidV7Generator } from "../../src/identifiers.ts";
import { checkDefinition, type FieldDefinitionInput } from "../../src/schema/check-definition.ts";
import { type CompiledDefinition, compileDefinition } from "../../src/schema/definition-compiler.ts";
import { validateValue } from "../../src/schema/validation.ts";
import { median, quantile } from "../race.ts";
import { atLeast, atMost, type Effort, type Line, type Section } from "../section.ts";

const CALLS_PER_LAP = 20_000;
/** Different values of each type, so that the engine cannot learn one by heart. */
const VALUES = 256;

interface Case {
  readonly name: string;
  readonly definition: Omit<FieldDefinitionInput, "agentId" | "name">;
  readonly valueOf: (index: number) => unknown;
}

const two = (index: number) => String((index % 28) + 1).padStart(2, "0");

const CASES: readonly Case[] = [
  { name: "string", definition: { valueType: "string" }, valueOf: (index) => `Ana Maria Muster ${index}` },
  {
    name: "string with a pattern",
    definition: { valueType: "string", validationRegex: "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}" },
    valueOf: (index) => `DE8937040044053201${String(index).padStart(4, "0")}`,
  },
  {
    name: "string with allowed values",
    definition: { valueType: "string", allowedValues: ["de", "en", "fr", "it"] },
    valueOf: (index) => ["de", "en", "fr", "it"][index % 4],
  },
  { name: "email", definition: { valueType: "email" }, valueOf: (index) => `Ana.${index}@Example.COM` },
  { name: "phone", definition: { valueType: "phone" }, valueOf: (index) => `+49 151 1234${1000 + index}` },
  { name: "date", definition: { valueType: "date" }, valueOf: (index) => `19${70 + (index % 30)}-04-${two(index)}` },
  { name: "number", definition: { valueType: "number" }, valueOf: (index) => 52_000.5 + index },
  { name: "boolean", definition: { valueType: "boolean" }, valueOf: (index) => index % 2 === 0 },
  {
    name: "json",
    definition: { valueType: "json" },
    valueOf: (index) => ({ street: `Musterstraße ${index}`, city: "Berlin", postalCode: "10115", tags: [1, true] }),
  },
];

/** One value against its compiled definition, in this process alone. */
export function validation(effort: Effort): Section[] {
  const tracks = CASES.map(({ name, definition, valueOf }) => ({
    name,
    compiled: compiled(definition),
    values: Array.from({ length: VALUES }, (_, index) => valueOf(index)),
    lapsMs: [] as number[],
  }));
  for (let round = -1; round < effort.laps; round++) {
    for (const { compiled: definition, values, lapsMs } of tracks) {
      const startedMs = performance.now();
      validateMany(definition, values);
      // The first round only warms up.
      if (round >= 0) lapsMs.push(performance.now() - startedMs);
    }
  }
  const lines = tracks.map(({ name, compiled: definition, values, lapsMs }) =>
    lineOf(name, lapsMs, latenciesMs(definition, values)),
  );
  return [{ operation: "validation of one field", engine: "process", inFlight: 1, lines, notes: [] }];
}

function lineOf(name: string, lapsMs: readonly number[], latencies: readonly number[]): Line {
  const opsPerSecond = CALLS_PER_LAP / (median(lapsMs) / 1_000);
  const p99Ms = quantile(latencies, 0.99);
  return {
    name,
    calls: CALLS_PER_LAP * lapsMs.length,
    p50Ms: median(latencies),
    p99Ms,
    opsPerSecond,
    ratio: null,
    ratioQuartiles: null,
    goals: [atLeast("per second", opsPerSecond, 500_000), atMost("p99 ms", p99Ms, 0.05)],
  };
}

function compiled(input: Case["definition"]): CompiledDefinition {
  const ids = new UuidV7Generator();
  const now = systemClock.now();
  const draft = checkDefinition({ agentId: ids.uuid<AgentId>(), name: "measured", ...input });
  return compileDefinition({ ...draft, id: ids.uuid<FieldDefinitionId>(), version: 1, createdAt: now, updatedAt: now });
}

function validateMany(definition: CompiledDefinition, values: readonly unknown[]): void {
  let accepted = 0;
  for (let index = 0; index < CALLS_PER_LAP; index++) {
    if (validateValue(definition, values[index % VALUES], "strict").accepted) accepted++;
  }
  if (accepted !== CALLS_PER_LAP) throw new Error(`${definition.definition.valueType} refuses a good value`);
}

function latenciesMs(definition: CompiledDefinition, values: readonly unknown[]): number[] {
  return Array.from({ length: CALLS_PER_LAP }, (_, index) => {
    const started = process.hrtime.bigint();
    validateValue(definition, values[index % VALUES], "strict");
    return Number(process.hrtime.bigint() - started) / 1e6;
  });
}
