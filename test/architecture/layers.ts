import { importsOf, isTest, type SourceFile, unitOf } from "./source-file.ts";

/** The units of src from the ground up. A unit imports from the ranks below its own. */
export const RANKS: readonly (readonly string[])[] = [
  ["errors", "codes", "register-codes", "storage-codes", "error-kind", "clock", "identifiers", "json", "text-order"],
  ["config", "telemetry", "signatures"],
  ["storage"],
  ["migrations", "tenants", "jobs", "models"],
  ["wallets", "audit", "schema"],
  ["register", "profiles", "agents", "memory", "sessions", "blueprints"],
  ["scenarios"],
  ["http", "mcp", "cli", "client", "verify"],
];

/** Imports between units of one rank, each declared because the first is built on the second. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  errors: ["codes", "error-kind"],
  codes: ["register-codes", "storage-codes", "error-kind"],
  "register-codes": ["error-kind"],
  "storage-codes": ["error-kind"],
  identifiers: ["errors"],
  telemetry: ["config"],
  schema: ["audit"],
  wallets: ["audit"],
  profiles: ["register"],
  sessions: ["profiles"],
  client: ["http"],
  mcp: ["http"],
  cli: ["http", "mcp", "client"],
};

/** The composition root and the library's surface see everything. */
const SEES_ALL = ["vault", "index"];

/** The contract suites see what they test, but neither a transport nor the whole. */
const TESTING_RANK_MAX = RANKS.findIndex((rank) => rank.includes("scenarios"));

/** Units without a rank, and who may import them. */
const IMPORTED_BY: Readonly<Record<string, readonly string[]>> = {
  vault: ["index", "http", "mcp", "cli", "testing"],
  index: [],
  testing: [],
};

/** Imports that go up, sideways without a declared edge, or from or to a unit that has no rank. Tests may import anything. */
export function layerViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !isTest(path))
    .flatMap((file) =>
      importsOf(file)
        .map((target) => layerProblem(unitOf(file.path), target))
        .filter((problem) => problem !== undefined)
        .map((problem) => `${file.path} imports ${problem}`),
    );
}

function layerProblem(from: string, target: string): string | undefined {
  if (!target.startsWith("src/")) return `${target}, which is outside src`;
  const to = unitOf(target);
  if (from === to || mayImport(from, to)) return undefined;
  return UNITS.includes(to) ? `${target}: ${to} is not below ${from}` : `${target}: ${to} has no rank`;
}

function mayImport(from: string, to: string): boolean {
  if (!UNITS.includes(to)) return false;
  if (SEES_ALL.includes(from)) return true;
  const importers = IMPORTED_BY[to];
  if (importers) return importers.includes(from);
  if (from === "testing") return rankOf(to) <= TESTING_RANK_MAX;
  return rankOf(to) < rankOf(from) || (rankOf(to) === rankOf(from) && (EDGES[from]?.includes(to) ?? false));
}

function rankOf(unit: string): number {
  return RANKS.findIndex((rank) => rank.includes(unit));
}

const UNITS = [...RANKS.flat(), ...SEES_ALL, "testing"];

/** Folders and files directly in src that the design does not name. */
export function unknownUnits(files: readonly SourceFile[]): string[] {
  const units = new Set(
    files.map(({ path }) => (isTest(path) ? path.replace(/\.test\.ts$/, ".ts") : path)).map(unitOf),
  );
  return [...units].filter((unit) => !UNITS.includes(unit)).map((unit) => `src/${unit} is not in the design`);
}
