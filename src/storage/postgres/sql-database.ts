import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";

/**
 * A statement with a stable name. Servers prepare it once per connection and reuse the plan, which is
 * worth 1.8x under load. The same name must always carry the same text. One without a name (`""`) is prepared for
 * each call: for texts of which there may be any number.
 */
export interface SqlStatement {
  readonly name: string;
  readonly text: string;
}

/** What rows look like is the statement's business; instants come back as ISO text inside JSON columns. */
export type SqlRow = Readonly<Record<string, unknown>>;

/**
 * Runs statements as the restricted application role, with row-level security set to one tenant
 * (or to the platform, which sees tenants and API keys and nothing else).
 *
 * Errors: `storage_unavailable` when the server cannot be reached or goes away, `storage_timeout` when a
 * statement exceeds its deadline, `closed` after the database was closed, `aborted` when the signal of the call
 * fires. Constraint violations are thrown as `ConstraintViolation` with the constraint's name, for the store to
 * translate.
 */
export interface SqlSession {
  /** One round trip. Values are sent as parameters, JSON values already stringified by the caller. */
  query<Row extends SqlRow>(statement: SqlStatement, values: readonly unknown[], options?: CallOptions): Promise<Row[]>;
  /**
   * Runs `work` in one transaction and commits when it resolves; any rejection rolls back and is rethrown. Inside a
   * transaction the call nests: the inner work joins the outer transaction, whose isolation has to be as high
   * (`unsupported`). An abort dooms the transaction: the work's next statement is refused with `aborted`.
   */
  transaction<T>(work: (transaction: SqlSession) => Promise<T>, options?: SqlTransactionOptions): Promise<T>;
}

export type SqlIsolation = "read-committed" | "serializable";

export interface SqlTransactionOptions extends CallOptions {
  /**
   * `read-committed` when left out. The work of a `serializable` one is run again when the database gives it up
   * because of another, up to 3 times more; then it rejects with `write_conflict`.
   */
  readonly isolation?: SqlIsolation | undefined;
}

export interface SqlDatabase extends AsyncDisposable {
  /** Sessions are cheap values: no connection is held between calls. */
  forTenant(tenantId: TenantId): SqlSession;
  platform(): SqlSession;
  /**
   * The connecting user itself, without the restricted role and without row-level security settings,
   * on one connection of its own for the length of `work`. For migrations only.
   */
  asOwner<T>(work: (owner: OwnerConnection) => Promise<T>): Promise<T>;
  /** Resolves when the database answers; rejects with `storage_unavailable` or `storage_timeout`. */
  ping(): Promise<void>;
  readonly flavour: "pglite" | "postgres";
}

export interface OwnerConnection {
  /** One or several statements separated by semicolons, without parameters, as one implicit transaction. */
  execute(sql: string): Promise<void>;
  query<Row extends SqlRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A constraint said no. Not a `VaultError`: only the store knows what the constraint means to the caller. */
export class ConstraintViolation extends Error {
  override readonly name = "ConstraintViolation";
  readonly constraint: string;
  readonly rule: "unique" | "foreign_key" | "check" | "not_null" | "exclusion";

  constructor(constraint: string, rule: ConstraintViolation["rule"], cause: unknown) {
    super(`Constraint ${constraint} refused the statement`, { cause });
    this.constraint = constraint;
    this.rule = rule;
  }
}

/** The role that owns nothing and that every tenant statement runs as. */
export const APPLICATION_ROLE = "strongroom_app";
/** The setting row-level security reads: a tenant's UUID, or `platform`. */
export const TENANT_SETTING = "strongroom.tenant_id";
export const PLATFORM_SCOPE = "platform";
