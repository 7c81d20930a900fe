import { VaultError } from "../errors.ts";
import type { ItemId } from "../identifiers.ts";
import { DEPENDENTS_LIMIT_MAX, type DependentItem, type DerivationChain } from "./lineage.ts";
import type { ProfileServiceOptions } from "./profile-services.ts";

/** Where values came from, and what was made from them. */
export class LineageService {
  readonly #options: ProfileServiceOptions;

  constructor(options: ProfileServiceOptions) {
    this.#options = options;
  }

  /** The item and its ancestors, root first, at most 10. Rejects with `item_not_found`. */
  async chain(itemId: ItemId): Promise<DerivationChain> {
    const chain = await this.#options.store.getDerivationChain(itemId);
    if (!chain) throw itemNotFound();
    this.#options.events.derivationChainTraversed({
      tenantId: this.#options.tenantId,
      itemId,
      itemKind: chain.items.find((item) => item.id === itemId)?.type ?? "profile_field",
      chainDepth: chain.items.length,
    });
    return chain;
  }

  /**
   * What derives from the item, by distance, at most `DEPENDENTS_LIMIT_MAX` items. Rejects with `item_not_found`.
   */
  async dependents(
    itemId: ItemId,
    options: { transitive?: boolean | undefined } = {},
  ): Promise<{ readonly items: readonly DependentItem[]; readonly truncated: boolean }> {
    const found = await this.#options.store.listDependents(itemId, {
      transitive: options.transitive ?? false,
      limit: DEPENDENTS_LIMIT_MAX,
    });
    if (!found) throw itemNotFound();
    return found;
  }
}

function itemNotFound(): VaultError {
  return new VaultError("item_not_found", "No such field version or asset.");
}
