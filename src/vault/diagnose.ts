import { TIERS, type Tier } from "../config/engine-settings.ts";
import { isVaultError, VaultError } from "../errors.ts";
import type { SqlDatabase } from "../storage/postgres/sql-database.ts";
import { builtInEngines } from "./built-in-engines.ts";
import { ClosingStack } from "./closing-stack.ts";
import { databaseSettings, migratorOf, openDatabase, type RelationalDatabase } from "./open-relational.ts";
import { completed, type OpenStorageOptions } from "./open-storage.ts";
import { isRequired, openEngine, sectionOf, type TierOptions } from "./open-tier.ts";
import { SharedClients } from "./shared-clients.ts";
import { startHint, type TierFailure } from "./start-failure.ts";

/** What was found out about one tier. */
export interface TierDiagnosis {
  readonly tier: Tier;
  /** As the configuration names it. */
  readonly engine: string;
  /** `failed`: the vault would not start, or not be ready. `warning`: it would, but see `message`. */
  readonly status: "ok" | "warning" | "failed";
  /** Of the sign of life; `null` without one. */
  readonly latencyMs: number | null;
  readonly message: string;
  /** What to do about it; `null` when there is nothing to do. */
  readonly hint: string | null;
  /** What stood in the way. */
  readonly failure: TierFailure | null;
}

/** Opens every tier by itself, asks it for a sign of life and closes it: nothing is migrated, prepared or written. */
export async function diagnose(options: OpenStorageOptions): Promise<readonly TierDiagnosis[]> {
  await using closing = new ClosingStack();
  const relational = openDatabase(options.config);
  closing.defer(async () => (await relational.catch(() => undefined))?.[Symbol.asyncDispose]());
  const clients = closing.use(new SharedClients());
  const tiers: TierOptions = { ...completed(options), clients };
  const engines = [...builtInEngines(relational), ...tiers.engines];
  return await Promise.all(TIERS.map((tier) => diagnoseTier(tier, { ...tiers, engines }, relational)));
}

async function diagnoseTier(
  tier: Tier,
  options: TierOptions,
  relational: Promise<RelationalDatabase>,
): Promise<TierDiagnosis> {
  const { engine } = sectionOf(tier, options.config);
  try {
    const latencyMs = tier === "relational" ? await askDatabase(relational) : await askEngine(tier, options);
    const finding = (await findingOf(tier, options, relational)) ?? NOTHING;
    return { tier, engine, latencyMs, failure: null, ...finding };
  } catch (error) {
    if (!isVaultError(error)) throw error;
    return {
      tier,
      engine,
      latencyMs: null,
      ...failedFinding({ tier, engine, error }, error, isRequired(tier, options.config)),
    };
  }
}

type Finding = Pick<TierDiagnosis, "status" | "message" | "hint">;

const NOTHING: Finding = { status: "ok", message: "answers", hint: null };

function failedFinding(
  failure: TierFailure,
  error: VaultError,
  isRequired: boolean,
): Omit<TierDiagnosis, "tier" | "engine" | "latencyMs"> {
  const details = Object.entries(error.details).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const message = [`${error.code}: ${error.message}`, ...details].join("; ");
  const hint = startHint(failure, error);
  if (isRequired) return { status: "failed", message, hint, failure };
  return { status: "warning", message: `${message} The vault starts without it.`, hint, failure };
}

async function askDatabase(relational: Promise<RelationalDatabase>): Promise<number> {
  const database = await relational;
  return "sql" in database ? timed(() => database.sql.ping()) : 0;
}

async function askEngine(tier: Exclude<Tier, "relational">, options: TierOptions): Promise<number> {
  await using store = await openEngine(tier, options);
  return await timed(() => store.ping());
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round((performance.now() - startedMs) * 100) / 100;
}

/** What is worth saying of a tier that answers. */
async function findingOf(
  tier: Tier,
  { config, engines }: TierOptions,
  relational: Promise<RelationalDatabase>,
): Promise<Finding | undefined> {
  const database = await relational.catch(() => undefined);
  if (tier === "relational" && database && "sql" in database) return pendingMigrations(config, database.sql);
  const engine =
    tier === "relational"
      ? undefined
      : engines.find((each) => each.tier === tier && each.name === sectionOf(tier, config).engine);
  const forgets = engine ? engine.isVolatile : tier === "relational";
  if (!forgets || tier === "hot") return undefined;
  const hint = "Choose another engine to keep it.";
  return { status: "warning", message: "answers; everything in it is forgotten when the process ends", hint };
}

async function pendingMigrations(config: TierOptions["config"], sql: SqlDatabase): Promise<Finding | undefined> {
  const steps = await migratorOf(config, sql, undefined).status();
  const pending = steps.filter(({ appliedAt }) => appliedAt === null).length;
  if (pending === 0) return undefined;
  const message = `${pending} of ${steps.length} migrations are pending`;
  if (!databaseSettings(config).migrateAtStart) throw new VaultError("database_not_migrated", `${message}.`);
  return { status: "ok", message: `answers; ${message}, which the next start applies`, hint: null };
}
