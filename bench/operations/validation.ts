import { type CompiledDefinition, compileDefinition } from "../../src/schema/definition-compiler.ts";
import type { FieldDefinition } from "../../src/schema/field-definition.ts";
import { validateValue } from "../../src/schema/validation.ts";
import { fieldDefinition } from "../../src/testing/schema-records.ts";
import { median, quantile } from "../race.ts";
import { atLeast, atMost, type Effort, type Line, type Section } from "../section.ts";

const CALLS_PER_LAP = 5_000;
const LATENCY_SAMPLES = 20_000;
/** Different values of each type, so that the engine cannot learn one by heart. */
const VALUES = 256;

interface Case {
  readonly name: string;
  readonly definition: Partial<FieldDefinition>;
  readonly valueOf: (index: number) => unknown;
  readonly isRefused?: boolean;
}

const CASES: readonly Case[] = [
  { name: "string", definition: { valueType: "string" }, valueOf: (index) => `Ana Maria Muster ${index}` },
  {
    name: "string with a pattern",
    definition: { valueType: "string", validationRegex: "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}" },
    valueOf: (index) => `DE8937040044053201${String(index).padStart(4, "0")}`,
  },
  {
    name: "string with allowed values",
    definition: { valueType: "string", allowedValues: Array.from({ length: 64 }, (_, index) => `value ${index}`) },
    valueOf: (index) => `value ${index % 64}`,
  },
  {
    name: "string, refused",
    definition: { valueType: "string", validationRegex: "[A-Z]+" },
    valueOf: (index) => `no ${index}`,
    isRefused: true,
  },
  { name: "email", definition: { valueType: "email" }, valueOf: (index) => `Ana.${index}@Example.COM` },
  { name: "phone, E.164", definition: { valueType: "phone" }, valueOf: (index) => `+4420794${10_000 + index}` },
  {
    name: "phone, as written",
    definition: { valueType: "phone" },
    valueOf: (index) => `+44 (0)20 794${10_000 + index}`,
  },
  { name: "date", definition: { valueType: "date" }, valueOf: (index) => `19${10 + (index % 90)}-03-03` },
  {
    name: "date with a time",
    definition: { valueType: "date" },
    valueOf: (index) => `20${10 + (index % 90)}-03-03T09:30:00+01:00`,
  },
  { name: "number", definition: { valueType: "number" }, valueOf: (index) => 52_000.5 + index },
  { name: "number as text", definition: { valueType: "number" }, valueOf: (index) => `${index}.25` },
  { name: "boolean", definition: { valueType: "boolean" }, valueOf: (index) => index % 2 === 0 },
  {
    name: "boolean as text",
    definition: { valueType: "boolean" },
    valueOf: (index) => (index % 2 === 0 ? "Yes" : "no"),
  },
  {
    name: "json",
    definition: { valueType: "json" },
    valueOf: (index) => ({ street: `Musterstraße ${index}`, city: "Berlin", postalCode: "10115", tags: [1, true] }),
  },
];

/** One value against its compiled definition, in this process alone. */
export function validation(effort: Effort): Section[] {
  const tracks = CASES.map(({ name, definition, valueOf, isRefused }) => ({
    name,
    compiled: compileDefinition(fieldDefinition(definition)),
    values: Array.from({ length: VALUES }, (_, index) => valueOf(index)),
    acceptedPerLap: isRefused ? 0 : CALLS_PER_LAP,
    lapsMs: [] as number[],
  }));
  for (let round = -1; round < effort.laps; round++) {
    for (const { name, compiled, values, acceptedPerLap, lapsMs } of tracks) {
      const startedMs = performance.now();
      const accepted = countAccepted(compiled, values);
      // The first round only warms up.
      if (round >= 0) lapsMs.push(performance.now() - startedMs);
      if (accepted !== acceptedPerLap) throw new Error(`${accepted} values of "${name}" were accepted`);
    }
  }
  const lines = tracks.map(({ name, compiled, values, lapsMs }) => lineOf(name, lapsMs, latenciesMs(compiled, values)));
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

function countAccepted(definition: CompiledDefinition, values: readonly unknown[]): number {
  let accepted = 0;
  for (let index = 0; index < CALLS_PER_LAP; index++) {
    if (validateValue(definition, values[index % VALUES], "strict").accepted) accepted++;
  }
  return accepted;
}

function latenciesMs(definition: CompiledDefinition, values: readonly unknown[]): number[] {
  return Array.from({ length: LATENCY_SAMPLES }, (_, index) => {
    const started = process.hrtime.bigint();
    validateValue(definition, values[index % VALUES], "strict");
    return Number(process.hrtime.bigint() - started) / 1e6;
  });
}
