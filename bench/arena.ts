import type { CustomerId } from "../src/identifiers.ts";
import type { ByHandConnection } from "./by-hand/by-hand-connection.ts";
import type { Subject } from "./subject.ts";
import type { World } from "./world.ts";

/** A subject with its data, and its rivals with the same rows. */
export interface Arena extends AsyncDisposable {
  readonly engine: "pglite" | "postgres";
  readonly engineVersion: string;
  readonly subject: Subject;
  readonly world: World;
  /** The same rows without row-level security, which no user would set up for a single program. */
  readonly byHand: ByHandConnection;
  /** The same rows as the same role under the same row-level security. */
  readonly byHandIsolated: ByHandConnection;
  /** A vault with a tenth of the customers. */
  openSmall(): Promise<SmallVault>;
  /** One of two vaults without data or statistics. */
  openEmpty(name: EmptyVaultName): Promise<Subject>;
}

export type EmptyVaultName = "young" | "grown";

export interface SmallVault extends AsyncDisposable {
  readonly subject: Subject;
  readonly customerIds: readonly CustomerId[];
}

export interface ArenaSize {
  /** Customers written through the vault; the others are their twins. */
  readonly originals: number;
  readonly twinsInSmall: number;
  readonly twins: number;
  readonly chains: number;
}

/** 1,000 customers, and 100 in the small vault. */
export const FULL_SIZE: ArenaSize = { originals: 25, twinsInSmall: 3, twins: 39, chains: 20 };
/** 200 customers, and 20 in the small vault. */
export const QUICK_SIZE: ArenaSize = { originals: 10, twinsInSmall: 1, twins: 19, chains: 10 };
