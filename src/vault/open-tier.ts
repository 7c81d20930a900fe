import type { Clock } from "../clock.ts";
import type { Config } from "../config/config-schema.ts";
import type { Tier } from "../config/engine-settings.ts";
import { isVaultError, VaultError } from "../errors.ts";
import { isTierFailure } from "../storage/cache/load-through.ts";
import type { CacheStore } from "../storage/cache-store.ts";
import type { CollectionDescriptor, DocumentDatabase } from "../storage/document-store.ts";
import type { EngineContext, OpenTier, StorageEngine, TierStores } from "../storage/engine.ts";
import type { TierProbe } from "../storage/health.ts";
import { TierObserver } from "../storage/observability/tier-observer.ts";
import { resilientDocumentDatabase } from "../storage/resilience/resilient-document-database.ts";
import { resilientWormDatabase } from "../storage/resilience/resilient-worm-database.ts";
import type { TierGuard, TierGuardOptions } from "../storage/resilience/tier-guard.ts";
import { tierPolicy } from "../storage/resilience/tier-policy.ts";
import type { WormDatabase, WormDescriptor } from "../storage/worm-store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { StorageMeters } from "../telemetry/storage-meters.ts";
import { LateDocumentDatabase, LateWormDatabase } from "./late-database.ts";
import type { SharedClients } from "./shared-clients.ts";

/** What tiers are opened with. */
export interface TierOptions {
  readonly config: Config;
  /** The vault's own and those from outside. */
  readonly engines: readonly StorageEngine[];
  readonly clients: SharedClients;
  readonly clock: Clock;
  readonly meters: StorageMeters;
  readonly logger: Logger | undefined;
  readonly collections: readonly CollectionDescriptor[];
  readonly logs: readonly WormDescriptor<unknown>[];
}

/** Disposing of it closes the store and what it is made of. */
export interface OpenedTier<Store> extends AsyncDisposable {
  readonly store: Store;
  readonly probe: TierProbe;
}

/** Of a tier that does not answer at all. Migrations, which may take longer, are not among it. */
const OPEN_MS = 25_000;

export async function openDocumentsTier(options: TierOptions): Promise<OpenedTier<DocumentDatabase>> {
  const open = () => openEngine("documents", options);
  const { store, isDown } = await openOrLate("documents", options, {
    open,
    late: () => new LateDocumentDatabase(open),
  });
  return prepared("documents", options, {
    store: resilientDocumentDatabase(store, guardOptions("documents", options, isDown)),
    prepare: () => store.prepare(options.collections),
  });
}

export async function openColdTier(options: TierOptions): Promise<OpenedTier<WormDatabase>> {
  const open = () => openEngine("cold", options);
  const { store, isDown } = await openOrLate("cold", options, { open, late: () => new LateWormDatabase(open) });
  return prepared("cold", options, {
    store: resilientWormDatabase(store, guardOptions("cold", options, isDown)),
    prepare: () => store.prepare(options.logs),
  });
}

/** An engine as it is, without anything around it. Rejects with what it rejects with, or `storage_timeout`. */
export async function openEngine<T extends OpenTier>(tier: T, options: TierOptions): Promise<TierStores[T]> {
  const section = sectionOf(tier, options.config);
  const found = options.engines.find((each) => each.tier === tier && each.name === section.engine);
  if (!found) {
    throw new VaultError(
      "invalid_configuration",
      `Nobody has brought the engine ${section.engine} of the tier ${tier}.`,
      {
        hint: "Hand it to openVault as one of its `engines`, or name its module in storage.engineModules.",
      },
    );
  }
  const context: EngineContext = {
    settings: engineSettings(tier, options.config),
    defaultTtlMs: defaultTtlMs(options),
    clock: options.clock,
    shared: options.clients.get,
  };
  return withinStart(found.open(context) as Promise<TierStores[T]>);
}

/** A required engine, or one that is opened later when it cannot be reached now. */
async function openOrLate<Store>(
  tier: "documents" | "cold",
  { config }: TierOptions,
  { open, late }: { open: () => Promise<Store>; late: () => Store },
): Promise<{ store: Store; isDown: boolean }> {
  try {
    return { store: await open(), isDown: false };
  } catch (error) {
    if (sectionOf(tier, config).required || !isTierFailure(error)) throw error;
    return { store: late(), isDown: true };
  }
}

async function prepared<Store extends Guarded>(
  tier: "documents" | "cold",
  options: TierOptions,
  { store, prepare }: { readonly store: Store; readonly prepare: () => Promise<void> },
): Promise<OpenedTier<Store>> {
  try {
    await prepare();
    return opened(tier, options, { store, probed: store });
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

type Guarded = AsyncDisposable & Pick<CacheStore, "ping"> & { readonly guard?: TierGuard };

/**
 * @param parts `probed` is what is asked for a sign of life, and `closing` what is disposed of: the store, unless something is
 * in front of the engine
 */
export function opened<Store extends AsyncDisposable>(
  tier: OpenTier,
  options: Pick<TierOptions, "config">,
  parts: { readonly store: Store; readonly probed: Guarded; readonly closing?: AsyncDisposable },
): OpenedTier<Store> {
  const { store, probed, closing = store } = parts;
  const { engine, required } = sectionOf(tier, options.config);
  const ping = (call: Parameters<Guarded["ping"]>[0]) => probed.ping(call);
  const probe = { tier, engine, required, ping, circuit: () => probed.guard?.breaker.state ?? "closed" };
  return { store, probe, [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose]() };
}

/** How a tier is protected, as its section says. */
export function guardOptions(
  tier: Tier,
  options: Pick<TierOptions, "config" | "meters" | "logger">,
  startsDown: boolean,
): TierGuardOptions {
  const section = sectionOf(tier, options.config);
  return {
    tier,
    startsDown,
    isRequired: isRequired(tier, options.config),
    observer: observerOf(tier, options),
    policy: tierPolicy(tier, section),
  };
}

/** What the tier tells of itself. */
export function observerOf(
  tier: Tier,
  { config, meters, logger }: Pick<TierOptions, "config" | "meters" | "logger">,
): TierObserver {
  const { engine, observability } = sectionOf(tier, config);
  return new TierObserver({ tier, provider: engine, settings: observability, meters, logger });
}

/** The section of the tier's engine. */
export function engineSettings(tier: OpenTier, config: Config): Readonly<Record<string, unknown>> {
  const section = sectionOf(tier, config);
  return (section as unknown as Record<string, Readonly<Record<string, unknown>>>)[section.engine] ?? {};
}

/** The settings of a tier. */
export function sectionOf<T extends Tier>(tier: T, { storage }: Config) {
  return { hot: storage.hot, cold: storage.cold, ...storage.warm }[tier];
}

/** Whether the vault can do nothing without the tier. */
export function isRequired(tier: Tier, config: Config): boolean {
  return tier === "relational" || sectionOf(tier, config).required;
}

export function defaultTtlMs({ config }: TierOptions): number {
  return config.storage.hot.defaultTtlSeconds * 1_000;
}

/** Why a store gives no sign of life, or `undefined` when it does. */
export async function failureOf(store: Pick<CacheStore, "ping">): Promise<VaultError | undefined> {
  try {
    await withinStart(store.ping());
    return undefined;
  } catch (error) {
    if (isVaultError(error)) return error;
    throw error;
  }
}

async function withinStart<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new VaultError("storage_timeout", `The storage did not open within ${OPEN_MS / 1_000} s.`);
    timer = setTimeout(reject, OPEN_MS, error);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
