import { invariant, VaultError } from "../../errors.ts";
import type { CollectionDescriptor } from "../document-store.ts";
import { checkDescriptor } from "./document-input.ts";

/** The life of a document database, and which collections it has prepared. */
export class PreparedCollections {
  readonly #descriptors = new Map<string, CollectionDescriptor>();
  #isClosed = false;

  /** @throws `invalid_request`, `closed` */
  check(descriptors: readonly CollectionDescriptor[]): void {
    this.requireOpen();
    for (const descriptor of descriptors) checkDescriptor(descriptor);
  }

  add(descriptors: readonly CollectionDescriptor[]): void {
    for (const descriptor of descriptors) this.#descriptors.set(descriptor.name, descriptor);
  }

  requirePrepared({ name }: CollectionDescriptor): void {
    invariant(this.#descriptors.has(name), `the collection ${name} has been prepared`);
  }

  close(): void {
    this.#isClosed = true;
  }

  readonly requireOpen = (): void => {
    if (this.#isClosed) throw new VaultError("closed", "The documents were closed.");
  };
}
