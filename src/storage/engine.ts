import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { EngineSettings } from "../config/engine-settings.ts";
import type { CacheStore } from "./cache-store.ts";
import type { DocumentDatabase } from "./document-store.ts";
import type { WormDatabase } from "./worm-store.ts";

/** What an engine of each tier is opened to be. The relational tier's engines are the vault's own. */
export interface TierStores {
  readonly hot: CacheStore;
  readonly documents: DocumentDatabase;
  readonly cold: WormDatabase;
}

export type OpenTier = keyof TierStores;

/** What an engine is opened with. */
export interface EngineContext<Settings = Readonly<Record<string, unknown>>> {
  /** Its section of the configuration, checked and completed. */
  readonly settings: Settings;
  /** How long an entry of the hot tier lives for which nothing else is said. */
  readonly defaultTtlMs: number;
  readonly clock: Clock;
  /**
   * The one client for an endpoint, whichever tiers it serves: opened for the first that asks, closed after the
   * stores.
   *
   * @param endpoint the settings that make two clients differ, as one text
   */
  readonly shared: <Client extends AsyncDisposable>(endpoint: string, open: () => Promise<Client>) => Promise<Client>;
}

interface EngineOf<T extends OpenTier> extends EngineSettings {
  readonly tier: T;
  /**
   * Connects and probes. An engine of a required tier rejects with `storage_unavailable`, `storage_timeout`,
   * `server_too_old` or `invalid_configuration`; the hot tier's may open without a server and find it later.
   */
  open(context: EngineContext): Promise<TierStores[T]>;
}

/** An engine that the configuration can choose. */
export type StorageEngine = { [T in OpenTier]: EngineOf<T> }[OpenTier];

interface EngineDefinition<T extends OpenTier, Schema extends z.ZodObject> extends EngineSettings {
  readonly tier: T;
  readonly settings: Schema;
  open(context: EngineContext<z.output<Schema>>): Promise<TierStores[T]>;
}

/** Gives `open` the type of what `settings` describes. */
export function defineEngine<T extends OpenTier, Schema extends z.ZodObject>(
  definition: EngineDefinition<T, Schema>,
): StorageEngine {
  return definition as unknown as StorageEngine;
}
