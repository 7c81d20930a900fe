import { compileDefinition } from "../src/schema/definition-compiler.ts";
import type { FieldDefinition } from "../src/schema/field-definition.ts";
import { validateValue } from "../src/schema/validation.ts";
import { fieldDefinition } from "../src/testing/schema-records.ts";

/*
 * How many values a second one core validates with a compiled definition, and how long the slowest hundredth
 * takes. Prints a table; decides nothing. Run it by itself: `node bench/validation.bench.ts`.
 */

interface Case {
  readonly name: string;
  readonly definition: Partial<FieldDefinition>;
  /** A different value per turn, so that no result can be kept from the one before. */
  readonly valueAt: (turn: number) => unknown;
}

const CASES: readonly Case[] = [
  { name: "string", definition: { valueType: "string" }, valueAt: (n) => `Ada Lovelace ${n}` },
  { name: "email", definition: { valueType: "email" }, valueAt: (n) => `Ada.${n}@Example.org` },
  { name: "date", definition: { valueType: "date" }, valueAt: (n) => `19${10 + (n % 90)}-03-03` },
  { name: "date-time", definition: { valueType: "date" }, valueAt: (n) => `20${10 + (n % 90)}-03-03T09:30:00+01:00` },
  { name: "number", definition: { valueType: "number" }, valueAt: (n) => n },
  { name: "number text", definition: { valueType: "number" }, valueAt: (n) => `${n}.25` },
  { name: "boolean text", definition: { valueType: "boolean" }, valueAt: (n) => (n % 2 === 0 ? "Yes" : "no") },
  {
    name: "string, pattern",
    definition: { valueType: "string", validationRegex: "[A-Z]{2}[0-9]{6}" },
    valueAt: (n) => `AB${100_000 + n}`,
  },
  {
    name: "string, allowed",
    definition: { valueType: "string", allowedValues: Array.from({ length: 64 }, (_, n) => `value ${n}`) },
    valueAt: (n) => `value ${n % 64}`,
  },
  { name: "string, refused", definition: { validationRegex: "[A-Z]+" }, valueAt: (n) => `no ${n}` },
  {
    name: "json",
    definition: { valueType: "json" },
    valueAt: (n) => ({ street: "Hauptstraße", number: n, tags: ["a"] }),
  },
  { name: "phone E.164", definition: { valueType: "phone" }, valueAt: (n) => `+4420794${10_000 + n}` },
  { name: "phone, written", definition: { valueType: "phone" }, valueAt: (n) => `+44 (0)20 794${10_000 + n}` },
];

const VALUES = 1_024;
const WARM_UP_MS = 200;
const ROUND_MS = 300;
const ROUNDS = 5;
const SAMPLES = 50_000;

/** Read by nobody: it keeps the work from being optimised away. */
let accepted = 0;

for (const { name, definition, valueAt } of CASES) {
  const compiled = compileDefinition(fieldDefinition(definition));
  const values = Array.from({ length: VALUES }, (_, turn) => valueAt(turn));
  const validate = (turn: number) => validateValue(compiled, values[turn % VALUES], "strict").accepted;
  ratePerSecond(validate, WARM_UP_MS);
  const rates = Array.from({ length: ROUNDS }, () => ratePerSecond(validate, ROUND_MS)).sort((a, b) => a - b);
  const rate = Math.round(rates[Math.floor(ROUNDS / 2)] ?? 0).toLocaleString("en");
  const p99 = percentileMicroseconds(validate, 0.99).toFixed(1);
  process.stdout.write(`${name.padEnd(18)} ${rate.padStart(12)} /s   p99 ${p99.padStart(6)} us\n`);
}

function ratePerSecond(validate: (turn: number) => boolean, forMs: number): number {
  const startedAt = performance.now();
  let turns = 0;
  while (performance.now() - startedAt < forMs) {
    for (let inner = 0; inner < VALUES; inner++) if (validate(turns++)) accepted++;
  }
  return (turns / (performance.now() - startedAt)) * 1_000;
}

/** Each turn is timed by itself, so the clock's own cost is part of it. */
function percentileMicroseconds(validate: (turn: number) => boolean, share: number): number {
  const samples = new Float64Array(SAMPLES);
  for (let turn = 0; turn < SAMPLES; turn++) {
    const startedAt = performance.now();
    if (validate(turn)) accepted++;
    samples[turn] = performance.now() - startedAt;
  }
  return (samples.sort()[Math.floor(SAMPLES * share)] ?? 0) * 1_000;
}
