import { Environment } from "@marcbachmann/cel-js";
import { VaultError } from "../errors.ts";
import { coerceDate } from "./value-types/date-type.ts";

export const CONDITION_LENGTH_MAX = 1_000;
const CONDITION_NODES_MAX = 200;
const CONDITION_DEPTH_MAX = 64;
const CONDITION_LIST_MAX = 100;
const CONDITION_MAP_MAX = 20;
const CONDITION_ARGUMENTS_MAX = 4;

/** What `matches` is called inside: the engine's own runs on backtracking expressions, and cannot be replaced. */
export const LINEAR_MATCH = "matchesLinear";
/** What `timestamp` is called inside: the engine's own reads text without a zone in the machine's zone. */
export const UTC_TIMESTAMP = "timestampInUtc";

/**
 * The Common Expression Language with the variables of a condition. Numbers of fields are doubles, as all JSON
 * numbers are; arithmetic between them and integer literals, which the language itself leaves out, gives doubles.
 *
 * Added functions: `date(text)` reads a value of type `date` as a timestamp, and `yearsBetween(from, to)` counts the
 * full calendar years (UTC) between two timestamps, which is a person's age.
 */
export function conditionLanguage(matchesLinear: (text: string, pattern: string) => boolean): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: CONDITION_NODES_MAX,
      maxDepth: CONDITION_DEPTH_MAX,
      maxListElements: CONDITION_LIST_MAX,
      maxMapEntries: CONDITION_MAP_MAX,
      maxCallArguments: CONDITION_ARGUMENTS_MAX,
    },
  })
    .registerVariable("fields", "map<string, dyn>")
    .registerVariable("verified", "map<string, bool>")
    .registerVariable("session", "map<string, dyn>")
    .registerVariable("now", TIMESTAMP)
    .registerFunction(`string.${LINEAR_MATCH}(string): bool`, matchesLinear, { async: false })
    .registerFunction(`date(string): ${TIMESTAMP}`, timestampOfText, { async: false })
    .registerFunction(`${UTC_TIMESTAMP}(string): ${TIMESTAMP}`, timestampOfText, { async: false })
    .registerFunction(`${UTC_TIMESTAMP}(int): ${TIMESTAMP}`, timestampOfSeconds, { async: false })
    .registerFunction(`yearsBetween(${TIMESTAMP}, ${TIMESTAMP}): int`, yearsBetween, { async: false });
  for (const [operator, apply] of ARITHMETIC) {
    environment.registerOperator(`double ${operator} int: double`, (a: number, b: bigint) => apply(a, Number(b)));
    environment.registerOperator(`int ${operator} double: double`, (a: bigint, b: number) => apply(Number(a), b));
  }
  environment.registerOperator("double % double: double", (a: number, b: number) => a % b);
  return environment;
}

const TIMESTAMP = "google.protobuf.Timestamp";

const ARITHMETIC: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ["+", (a, b) => a + b],
  ["-", (a, b) => a - b],
  ["*", (a, b) => a * b],
  ["/", (a, b) => a / b],
  ["%", (a, b) => a % b],
];

function timestampOfText(text: string): Date {
  const coercion = coerceDate(text);
  if (!coercion.ok) throw new VaultError("invalid_value", "Not a date.");
  return new Date(coercion.value as string);
}

function timestampOfSeconds(seconds: bigint): Date {
  const date = new Date(Number(seconds) * 1_000);
  if (!coerceDate(date).ok) throw new VaultError("invalid_value", "Not a date.");
  return date;
}

function yearsBetween(from: Date, to: Date): bigint {
  const years = to.getUTCFullYear() - from.getUTCFullYear();
  const anniversary = new Date(from);
  anniversary.setUTCFullYear(from.getUTCFullYear() + years);
  return BigInt(anniversary > to ? years - 1 : years);
}
