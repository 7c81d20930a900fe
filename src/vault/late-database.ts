import { VaultError } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { CallOptions } from "../storage/call-options.ts";
import type {
  CollectionDescriptor,
  DocumentBody,
  DocumentCapabilities,
  DocumentDatabase,
  DocumentStore,
} from "../storage/document-store.ts";
import type { WormCapabilities, WormDatabase, WormDescriptor, WormStore } from "../storage/worm-store.ts";

/** What documents and logs have in common. */
type Database<Kind> = AsyncDisposable & {
  prepare(kinds: readonly Kind[]): Promise<void>;
  ping(options?: CallOptions): Promise<void>;
};

/** What answers with something to be iterated over. */
const ITERATED: ReadonlySet<PropertyKey> = new Set(["stream", "scan"]);

/** A database that could not be opened when the vault was, and is opened when it gives a sign of life. */
class LateDatabase<Kind, D extends Database<Kind>> {
  readonly #open: () => Promise<D>;
  #kinds: readonly Kind[] = [];
  #opening: Promise<D> | undefined;
  #opened: D | undefined;

  constructor(open: () => Promise<D>) {
    this.#open = open;
  }

  /** Remembers what has to be made, for the opening. */
  async prepare(kinds: readonly Kind[]): Promise<void> {
    this.#kinds = kinds;
    await this.#opened?.prepare(kinds);
  }

  /** Opens it, or rejects like the opening. */
  async ping(options?: CallOptions): Promise<void> {
    if (this.#opened) return this.#opened.ping(options);
    this.#opening ??= this.#openAndPrepare().finally(() => {
      this.#opening = undefined;
    });
    this.#opened = await this.#opening;
  }

  /** Rejects with `storage_unavailable` while it is not open. */
  protected get current(): D {
    if (this.#opened) return this.#opened;
    throw new VaultError("storage_unavailable", "The storage was not there when the vault was opened, nor since.");
  }

  /** Something of the database whose methods may be called before that is open, and reject then. */
  protected bound<Store extends object>(storeOf: (database: D) => Store): Store {
    type Methods = Record<PropertyKey, (...values: unknown[]) => unknown>;
    const call = (method: PropertyKey, values: unknown[]) => (storeOf(this.current) as Methods)[method]?.(...values);
    return new Proxy({} as Store, {
      get(_, method) {
        // What is iterated rejects when it is iterated; everything else answers with a promise.
        if (ITERATED.has(method)) return (...values: unknown[]) => call(method, values);
        return async (...values: unknown[]) => call(method, values);
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#opened ?? (await this.#opening?.catch(() => undefined));
    await opened?.[Symbol.asyncDispose]();
  }

  async #openAndPrepare(): Promise<D> {
    const database = await this.#open();
    try {
      await database.prepare(this.#kinds);
      return database;
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }
}

export class LateDocumentDatabase
  extends LateDatabase<CollectionDescriptor, DocumentDatabase>
  implements DocumentDatabase
{
  get capabilities(): DocumentCapabilities {
    return this.current.capabilities;
  }

  collection<T extends DocumentBody>(descriptor: CollectionDescriptor, tenantId: TenantId): DocumentStore<T> {
    return this.bound((database) => database.collection<T>(descriptor, tenantId));
  }
}

export class LateWormDatabase extends LateDatabase<WormDescriptor<unknown>, WormDatabase> implements WormDatabase {
  get capabilities(): WormCapabilities {
    return this.current.capabilities;
  }

  log<T>(descriptor: WormDescriptor<T>, tenantId: TenantId, log: string): WormStore<T> {
    return this.bound((database) => database.log(descriptor, tenantId, log));
  }
}
