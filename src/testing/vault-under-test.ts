import type { Clock } from "../clock.ts";
import { parseConfig } from "../config/load-config.ts";
import type { IdGenerator } from "../identifiers.ts";
import { assembleVault, type Vault } from "../vault.ts";
import type { Engine } from "./engine.ts";

const MASTER_KEY = "5a".repeat(32);

/**
 * A vault over the database of an engine. It keeps no bytes of assets, so tests register them. The engine is what
 * has to be disposed of.
 */
export function vaultOver(
  engine: Pick<Engine, "stores">,
  { clock, ids }: { clock: Clock; ids: IdGenerator },
): Promise<Vault> {
  return assembleVault(parseConfig({ masterKey: MASTER_KEY }), engine.stores, { clock, ids });
}
