import { createNoopMeter } from "@opentelemetry/api";
import { type Clock, systemClock } from "../clock.ts";
import type { Config } from "../config/config-schema.ts";
import { TIERS } from "../config/engine-settings.ts";
import { DOCKETS } from "../register/ledger-log/docket-descriptor.ts";
import { DOCKET_REPAIRS } from "../register/ledger-log/docket-repair.ts";
import type { CollectionDescriptor } from "../storage/document-store.ts";
import type { StorageEngine } from "../storage/engine.ts";
import type { TierProbe } from "../storage/health.ts";
import { ResilientSqlDatabase } from "../storage/postgres/resilient-sql-database.ts";
import type { WormDescriptor } from "../storage/worm-store.ts";
import type { Logger } from "../telemetry/logger.ts";
import { StorageMeters } from "../telemetry/storage-meters.ts";
import { builtInEngines } from "./built-in-engines.ts";
import { ClosingStack } from "./closing-stack.ts";
import { inMemoryStores } from "./in-memory-stores.ts";
import { openHotTier } from "./open-hot-tier.ts";
import { openRelational, type RelationalDatabase } from "./open-relational.ts";
import { openSessions } from "./open-sessions.ts";
import { guardOptions, openColdTier, openDocumentsTier, sectionOf, type TierOptions } from "./open-tier.ts";
import { postgresStores } from "./postgres-stores.ts";
import { type SessionEngine, withSessions } from "./session-engine.ts";
import { SharedClients } from "./shared-clients.ts";
import { startFailure } from "./start-failure.ts";
import type { Storage } from "./storage.ts";
import type { Stores } from "./stores.ts";

export interface OpenStorageOptions {
  readonly config: Config;
  /** Those from outside. */
  readonly engines?: readonly StorageEngine[] | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly meters?: StorageMeters | undefined;
  /** What callers keep documents in. */
  readonly collections?: readonly CollectionDescriptor[] | undefined;
  /** The kinds of records that callers keep. */
  readonly logs?: readonly WormDescriptor<unknown>[] | undefined;
}

/**
 * Opens every tier with the engine that the configuration names, all at once. What cannot be opened is reported together,
 * and then nothing stays open. Tiers that are not required are there anyway, and answer when their engine does.
 */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const tierOptions = { ...completed(options), clients: new SharedClients() };
  const relational = openGuarded(tierOptions);
  const tiers: TierOptions = { ...tierOptions, engines: [...builtInEngines(relational), ...tierOptions.engines] };
  const [database, hot, documents, cold] = await Promise.allSettled([
    relational,
    openHotTier(tiers),
    openDocumentsTier(tiers),
    openColdTier(tiers),
  ]);
  await using opening = new ClosingStack();
  closeWith(opening, [database]);
  opening.use(tierOptions.clients);
  closeWith(opening, [hot, documents, cold]);
  if (!isOpen(database) || !isOpen(hot) || !isOpen(documents) || !isOpen(cold)) {
    throw failureOf(options.config, [hot, database, documents, cold]);
  }
  const sessions = await openSessions(tierOptions);
  if (sessions) opening.use(sessions);
  const stores = storesOf(database.value, sessions?.engine);
  const probes = [probeOf(stores, database.value), hot.value.probe, documents.value.probe, cold.value.probe];
  if (sessions) probes.push(sessions.probe);
  const closing = opening.move();
  return {
    stores,
    tiers: { hot: hot.value.store, documents: documents.value.store, cold: cold.value.store },
    probes: probes.map((probe) => ({ ...probe, engine: probe.engine === "postgres" ? stores.engine : probe.engine })),
    [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose](),
  };
}

function closeWith(stack: ClosingStack, results: readonly PromiseSettledResult<AsyncDisposable>[]): void {
  for (const result of results) if (isOpen(result)) stack.use(result.value);
}

/** What callers may leave out. */
export function completed(options: OpenStorageOptions) {
  return {
    config: options.config,
    engines: options.engines ?? [],
    clock: options.clock ?? systemClock,
    logger: options.logger,
    meters: options.meters ?? new StorageMeters(createNoopMeter()),
    collections: options.collections ?? [],
    logs: [DOCKETS, DOCKET_REPAIRS, ...(options.logs ?? [])],
  };
}

/** The relational tier's database; one on a server is behind a guard. */
async function openGuarded(
  options: Pick<TierOptions, "config" | "logger" | "meters">,
): Promise<RelationalDatabase & AsyncDisposable & Pick<TierProbe, "circuit">> {
  const opened = await openRelational(options.config, options.logger);
  if ("inMemory" in opened) return opened;
  const sql = new ResilientSqlDatabase(opened.sql, guardOptions("relational", options, false));
  return {
    sql,
    circuit: () => sql.guard.breaker.state,
    async [Symbol.asyncDispose]() {
      sql.guard.dispose();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** The stores of domains over the relational tier's database. Disposing of them leaves that open. */
function storesOf(database: RelationalDatabase, sessions: SessionEngine | undefined): Stores {
  const inDatabase = "inMemory" in database ? inMemoryStores(database.inMemory) : postgresStores(database.sql);
  const stores = sessions ? withSessions(inDatabase, sessions) : inDatabase;
  return { ...stores, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function probeOf(stores: Stores, { circuit }: Pick<TierProbe, "circuit">): TierProbe {
  return { tier: "relational", engine: stores.engine, required: true, ping: () => stores.ping(), circuit };
}

function isOpen<T>(result: PromiseSettledResult<T>): result is PromiseFulfilledResult<T> {
  return result.status === "fulfilled";
}

/** @param results in the order of `TIERS` */
function failureOf(config: Config, results: readonly PromiseSettledResult<unknown>[]): unknown {
  const failures = TIERS.flatMap((tier, index) => {
    const result = results[index];
    if (result?.status !== "rejected") return [];
    return [{ tier, engine: sectionOf(tier, config).engine, error: result.reason as unknown }];
  });
  // A tier in the relational tier's database fails with that.
  const own = failures.filter(({ error }, index) => failures.findIndex((other) => other.error === error) === index);
  return startFailure(own as [(typeof own)[number]]);
}
