import type { ErrorCode } from "../codes.ts";
import { invariant, isVaultError, VaultError } from "../errors.ts";
import { quoteIdentifier } from "../storage/postgres/quote-identifier.ts";
import {
  APPLICATION_ROLE,
  ConstraintViolation,
  type OwnerConnection,
  type SqlDatabase,
} from "../storage/postgres/sql-database.ts";
import type { Migration } from "./migration.ts";
import { type Direction, foundationSql, historyTable, scriptSql, stepSql } from "./migration-sql.ts";

export interface MigratorOptions {
  readonly database: SqlDatabase;
  readonly schema: string;
  readonly migrations: readonly Migration[];
  /** Told when a step is committed. */
  readonly onStep?: ((step: StepName, direction: Direction) => void) | undefined;
}

export interface StepName {
  readonly version: number;
  readonly name: string;
}

export interface StepStatus extends StepName {
  /** RFC 3339 in UTC; `null` while the step is pending. */
  readonly appliedAt: string | null;
}

/** Two numbers for the lock of one schema in the database that several starting processes share. */
const LOCK_SQL = "select pg_advisory_xact_lock(hashtext('strongroom.migrations'), hashtext($1))";
/** Roles belong to the whole cluster: a migrator of another database may create and grant this one as well. */
const FOUNDATION_ATTEMPTS = 5;
/** duplicate role or key, "tuple concurrently updated", deadlock */
const RACE_STATES = new Set(["42710", "23505", "XX000", "40P01"]);
/** What is not the fault of a step. */
const PASSED_ON = new Set<ErrorCode>(["storage_unavailable", "database_too_new", "migration_failed"]);
const APPLIED_AT_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';

/**
 * Brings a schema to the version of the program, or back. Any number of processes may do so at once: each step
 * is one transaction that takes a lock, looks again at what is applied, changes the schema and records the step.
 *
 * Every method but `sql` fails with `database_too_new` when the database knows a step the program does not, and
 * with `migration_failed` when an applied step has another name.
 */
export class Migrator {
  readonly #database: SqlDatabase;
  readonly #schema: string;
  readonly #migrations: readonly Migration[];
  readonly #onStep: MigratorOptions["onStep"];

  constructor(options: MigratorOptions) {
    options.migrations.forEach((step, index) => {
      invariant(step.version === index + 1, `migration ${step.version} is number ${index + 1}`);
    });
    this.#database = options.database;
    this.#schema = options.schema;
    this.#migrations = options.migrations;
    this.#onStep = options.onStep;
  }

  /**
   * Applies the pending steps up to and including version `to`, by default all. Resolves to those that this call
   * applied, in order. Also makes the schema and the application role.
   *
   * Errors: `migration_failed` naming the step, which is undone; the steps before it stay.
   */
  async up(options: { readonly to?: number | undefined } = {}): Promise<StepName[]> {
    const to = this.#checkedVersion(options.to ?? this.#migrations.length);
    return this.#database.asOwner(async (owner) => {
      const steps = this.#migrations.slice(0, to);
      if (await this.#areApplied(owner, steps)) return [];
      await this.#layFoundation(owner);
      return this.#runSteps(owner, steps, "up");
    });
  }

  /**
   * Undoes the applied steps above version `to`, the latest first; 0 leaves an empty schema and its history.
   * Resolves to those that this call undid, in that order.
   *
   * Errors: as `up`.
   */
  async down(options: { readonly to: number }): Promise<StepName[]> {
    const to = this.#checkedVersion(options.to);
    return this.#database.asOwner(async (owner) => {
      if (!(await this.#hasHistory(owner))) return [];
      return this.#runSteps(owner, this.#migrations.slice(to).reverse(), "down");
    });
  }

  /** Every step the program knows, by version. */
  async status(): Promise<StepStatus[]> {
    const applied = await this.#database.asOwner((owner) => this.#applied(owner));
    return this.#migrations.map(({ version, name }) => ({
      version,
      name,
      appliedAt: applied.get(version)?.appliedAt ?? null,
    }));
  }

  /** Errors: `database_not_migrated` while a step is pending. */
  async assertCurrent(): Promise<void> {
    const status = await this.status();
    const pending = status.filter(({ appliedAt }) => appliedAt === null);
    if (pending.length === 0) return;
    throw new VaultError("database_not_migrated", `The database has ${pending.length} pending migrations.`, {
      hint: "Run `strongroom migrate up`.",
      details: { pending: pending.map(({ version }) => version) },
    });
  }

  /** The steps above version `from` up to `to`, or back, as a script for `psql`. Needs no database. */
  sql(options: { readonly from?: number | undefined; readonly to?: number | undefined } = {}): string {
    const from = this.#checkedVersion(options.from ?? 0);
    const to = this.#checkedVersion(options.to ?? this.#migrations.length);
    return from <= to
      ? scriptSql(this.#schema, this.#migrations.slice(from, to), "up")
      : scriptSql(this.#schema, this.#migrations.slice(to, from).reverse(), "down");
  }

  #checkedVersion(version: number): number {
    const max = this.#migrations.length;
    if (Number.isInteger(version) && version >= 0 && version <= max) return version;
    throw new VaultError("invalid_request", `A schema version is a whole number from 0 to ${max}.`);
  }

  async #runSteps(owner: OwnerConnection, steps: readonly Migration[], direction: Direction): Promise<StepName[]> {
    const done: StepName[] = [];
    for (const step of steps) {
      if (!(await this.#runStep(owner, step, direction))) continue;
      const { version, name } = step;
      done.push({ version, name });
      this.#onStep?.({ version, name }, direction);
    }
    return done;
  }

  /** Resolves to false when the step was done before, maybe by another process a moment ago. */
  async #runStep(owner: OwnerConnection, step: Migration, direction: Direction): Promise<boolean> {
    try {
      return await this.#inTransaction(owner, async () => {
        const applied = await this.#applied(owner);
        if (applied.has(step.version) === (direction === "up")) return false;
        await owner.execute(stepSql(this.#schema, step, direction));
        return true;
      });
    } catch (error) {
      if (isVaultError(error) && PASSED_ON.has(error.code)) throw error;
      throw new VaultError("migration_failed", `Migration ${step.version} (${step.name}) failed going ${direction}.`, {
        details: { version: step.version, name: step.name, direction, sqlState: sqlStateIn(error) },
        cause: error,
      });
    }
  }

  async #layFoundation(owner: OwnerConnection): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#inTransaction(owner, async () => {
          await owner.execute(foundationSql(this.#schema));
          await checkRole(owner);
        });
      } catch (error) {
        if (isVaultError(error) && PASSED_ON.has(error.code)) throw error;
        const sqlState = sqlStateIn(error);
        if (RACE_STATES.has(sqlState ?? "") && attempt < FOUNDATION_ATTEMPTS) continue;
        const hint = sqlState === "42501" ? await this.#rightsHint(owner) : undefined;
        throw new VaultError("migration_failed", "The schema and the application role cannot be made.", {
          details: { sqlState },
          cause: error,
          ...(hint === undefined ? {} : { hint }),
        });
      }
    }
  }

  async #rightsHint(owner: OwnerConnection): Promise<string> {
    const [row] = await owner.query<{ name: string }>("select quote_ident(current_user) as name");
    const user = row?.name ?? "the connecting user";
    return (
      `The connecting user may not do it. As a superuser run, as far as it is missing: ` +
      `CREATE ROLE ${APPLICATION_ROLE} NOLOGIN; GRANT ${APPLICATION_ROLE} TO ${user}; ` +
      `CREATE SCHEMA ${quoteIdentifier(this.#schema)} AUTHORIZATION ${user};`
    );
  }

  async #inTransaction<T>(owner: OwnerConnection, work: () => Promise<T>): Promise<T> {
    try {
      await owner.execute("begin isolation level read committed");
      await owner.query(LOCK_SQL, [this.#schema]);
      const result = await work();
      await owner.execute("commit");
      return result;
    } catch (error) {
      // The first failure is the one to report; a connection that is gone has rolled back by itself.
      await owner.execute("rollback").catch(() => undefined);
      throw error;
    }
  }

  /** The usual start: two reads instead of a locked transaction for the foundation and one for each step. */
  async #areApplied(owner: OwnerConnection, steps: readonly Migration[]): Promise<boolean> {
    const applied = await this.#applied(owner);
    if (steps.length === 0 || !steps.every((step) => applied.has(step.version))) return false;
    // A schema that was restored on another server comes without the role.
    const [role] = await owner.query("select from pg_roles where rolname = $1", [APPLICATION_ROLE]);
    if (!role) return false;
    await checkRole(owner);
    return true;
  }

  async #hasHistory(owner: OwnerConnection): Promise<boolean> {
    const rows = await owner.query<{ found: boolean }>("select to_regclass($1) is not null as found", [
      historyTable(this.#schema),
    ]);
    return rows[0]?.found === true;
  }

  async #applied(owner: OwnerConnection): Promise<Map<number, StepStatus>> {
    if (!(await this.#hasHistory(owner))) return new Map();
    const rows = await owner.query<AppliedRow>(
      `select version, name, to_char(applied_at at time zone 'UTC', '${APPLIED_AT_FORMAT}') as "appliedAt"
         from ${historyTable(this.#schema)} order by version`,
    );
    for (const row of rows) this.#checkKnown(row);
    return new Map(rows.map((row) => [row.version, row]));
  }

  #checkKnown({ version, name }: StepName): void {
    const known = this.#migrations[version - 1];
    if (!known) {
      throw new VaultError("database_too_new", `The database is at version ${version}.`, {
        hint: "Start the newer program, or migrate down with it first.",
        details: { version, newestKnown: this.#migrations.length },
      });
    }
    if (known.name === name) return;
    throw new VaultError("migration_failed", `The database applied another migration ${version}.`, {
      details: { version, applied: name, known: known.name },
    });
  }
}

type AppliedRow = { readonly version: number; readonly name: string; readonly appliedAt: string };

/** A role that row-level security does not bind would open every tenant to every other. */
async function checkRole(owner: OwnerConnection): Promise<void> {
  const [role] = await owner.query<{ bound: boolean }>(
    "select not (rolsuper or rolbypassrls) as bound from pg_roles where rolname = $1",
    [APPLICATION_ROLE],
  );
  if (role?.bound) return;
  throw new VaultError("migration_failed", `Row-level security does not bind the role ${APPLICATION_ROLE}.`, {
    hint: `As a superuser run ALTER ROLE ${APPLICATION_ROLE} NOSUPERUSER NOBYPASSRLS.`,
  });
}

function sqlStateIn(error: unknown): string | undefined {
  if (error instanceof ConstraintViolation) return error.rule === "unique" ? "23505" : undefined;
  const state = isVaultError(error) ? error.details["sqlState"] : undefined;
  return typeof state === "string" ? state : undefined;
}
