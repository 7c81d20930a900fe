import type { ErrorItem } from "../errors.ts";
import { type ConfigTree, isConfigTree, pointerOf, setValueAt, valueAt } from "./config-tree.ts";
import { type EngineSettings, TIER_PATHS, TIERS, type Tier } from "./engine-settings.ts";

const DEFAULT_ENGINES = { hot: "in-memory", relational: "postgres" } as const;

/**
 * Fills in what follows from other settings: documents and sealed records are where the relational tier is unless something
 * else is said, and the chosen engines have a section, so that what they require is asked for.
 */
export function completeStorage(tree: ConfigTree, engines: readonly EngineSettings[]): void {
  for (const tier of TIERS) {
    const chosen = chosenEngine(tree, tier);
    const engine = engines.find((each) => each.tier === tier && each.name === chosen);
    if (!engine) continue;
    setValueAt(tree, `${TIER_PATHS[tier]}.engine`, engine.name);
    const section = `${TIER_PATHS[tier]}.${engine.name}`;
    if (valueAt(tree, section) === undefined) setValueAt(tree, section, {});
  }
}

/** What no single setting can tell: choices that do not go together. */
export function storageProblems(tree: ConfigTree, engines: readonly EngineSettings[]): ErrorItem[] {
  const ofTiers = TIERS.flatMap((tier) => [...strandedTier(tree, tier), ...volatileTier(tree, tier, engines)]);
  return [...ofTiers, ...strandedSessions(tree), ...volatileSessions(tree)];
}

function volatileSessions(tree: ConfigTree): ErrorItem[] {
  const isVolatile = valueAt(tree, "sessions.engine") === "in-memory" && tree["environment"] === "production";
  if (!isVolatile || chosenEngine(tree, "relational") === "in-memory") return [];
  const message =
    'Expected postgres or redis in production. Got "in-memory", which forgets every session when the process ends.';
  return [{ path: pointerOf("sessions.engine"), code: "volatile_engine", message }];
}

/** Sessions on Redis use the hot tier's server unless they have one of their own. */
function strandedSessions(tree: ConfigTree): ErrorItem[] {
  const hasServer = valueAt(tree, "sessions.redisUrl") ?? valueAt(tree, `${TIER_PATHS.hot}.redis.url`);
  if (valueAt(tree, "sessions.engine") !== "redis" || hasServer !== undefined) return [];
  const message = `Expected a Redis server, since sessions.engine is redis: give it here or as ${TIER_PATHS.hot}.redis.url.`;
  return [{ path: pointerOf("sessions.redisUrl"), code: "engine_unavailable", message }];
}

/** PostgreSQL keeps documents and records in the relational tier's database. */
function strandedTier(tree: ConfigTree, tier: Tier): ErrorItem[] {
  if (tier !== "documents" && tier !== "cold") return [];
  if (chosenEngine(tree, tier) !== "postgres" || chosenEngine(tree, "relational") === "postgres") return [];
  const message = `Expected an engine of its own, since ${TIER_PATHS.relational}.engine is not postgres, whose database it would use. Got "postgres".`;
  return [{ path: pointerOf(`${TIER_PATHS[tier]}.engine`), code: "engine_unavailable", message }];
}

function volatileTier(tree: ConfigTree, tier: Tier, engines: readonly EngineSettings[]): ErrorItem[] {
  const engine = engines.find((each) => each.tier === tier && each.name === chosenEngine(tree, tier));
  const isRequired = valueAt(tree, `${TIER_PATHS[tier]}.required`) ?? tier !== "hot";
  const isAllowed = valueAt(tree, `${TIER_PATHS[tier]}.allowVolatile`) === true;
  if (!engine?.isVolatile || isRequired !== true || isAllowed || tree["environment"] !== "production") return [];
  const message = `Expected an engine that keeps what it is given, or ${TIER_PATHS[tier]}.allowVolatile = true. Got "${engine.name}", which forgets everything when the process ends, in production.`;
  return [{ path: pointerOf(`${TIER_PATHS[tier]}.engine`), code: "volatile_engine", message }];
}

function chosenEngine(tree: ConfigTree, tier: Tier): unknown {
  const given = valueAt(tree, `${TIER_PATHS[tier]}.engine`);
  if (given !== undefined) return given;
  if (tier === "hot") return DEFAULT_ENGINES.hot;
  return tier === "relational" ? DEFAULT_ENGINES.relational : chosenEngine(tree, "relational");
}

/** A copy of the sections, for `completeStorage` to write into. */
export function copyOfTree(tree: object): ConfigTree {
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]) => [name, isConfigTree(value) ? copyOfTree(value) : value]),
  );
}
