import type { Config } from "../../config/config-schema.ts";
import { postgresSettings } from "../../config/engine-settings.ts";
import { VaultError } from "../../errors.ts";
import { ALL_MIGRATIONS } from "../../migrations/all-migrations.ts";
import { Migrator, type StepName, type StepStatus } from "../../migrations/migrator.ts";
import { migratorOf, openSqlDatabase } from "../../vault/open-relational.ts";
import type { Command, CommandContext, OptionValues } from "../command.ts";
import { loadCommandConfig } from "../load-command-config.ts";

/** The parts of a migrator's work that need a database. */
type Action = (migrator: Migrator, options: OptionValues) => Promise<{ readonly text: string; readonly json: unknown }>;

const ACTIONS: Readonly<Record<string, Action>> = {
  async up(migrator, options) {
    return report(await migrator.up({ to: versionOption(options, "to") }), "applied", "The schema is up to date.");
  },
  async down(migrator, options) {
    const to = versionOption(options, "to") ?? (await versionBelow(migrator));
    return report(await migrator.down({ to }), "undone", "There is nothing to undo.");
  },
  async status(migrator) {
    const steps = await migrator.status();
    return { text: steps.map(statusLine).join("\n"), json: steps };
  },
};

export const migrate: Command = {
  name: "migrate",
  usage: "up|down|status|sql [--to N] [--from N]",
  summary: "Bring the database's schema to a version, show where it is, or print the SQL (down: one step unless told)",
  options: { to: { type: "string" }, from: { type: "string" } },
  async run([name = "status", ...rest], options, context) {
    const { config } = await loadCommandConfig(options, context);
    if (rest.length > 0) throw usageError(`migrate takes one action, not ${rest.length + 1}.`);
    if (name === "sql") return printSql(config, options, context);
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (!action) throw usageError(`There is no action ${name}: it is up, down, status or sql.`);
    if (config.storage.warm.relational.engine === "in-memory")
      throw usageError("The in-memory engine has no schema to migrate.");
    const opened = await openSqlDatabase(config);
    try {
      const { text, json } = await action(migratorOf(config, opened.sql, undefined), options);
      context.print(context.isJson ? JSON.stringify(json) : text);
    } finally {
      await opened[Symbol.asyncDispose]();
    }
  },
};

function printSql(config: Config, options: OptionValues, { print }: CommandContext): void {
  // Writing the script touches no database.
  const migrator = new Migrator({
    database: undefined as never,
    schema: (config.storage.warm.relational.postgres ?? postgresSettings.parse({})).schema,
    migrations: ALL_MIGRATIONS,
  });
  print(migrator.sql({ from: versionOption(options, "from"), to: versionOption(options, "to") }));
}

async function versionBelow(migrator: Migrator): Promise<number> {
  const applied = (await migrator.status()).filter(({ appliedAt }) => appliedAt !== null);
  return Math.max(0, (applied.at(-1)?.version ?? 0) - 1);
}

function report(steps: readonly StepName[], verb: string, nothing: string) {
  const text = steps.length === 0 ? nothing : steps.map(({ version, name }) => `${verb} ${version} ${name}`).join("\n");
  return { text, json: { [verb]: steps } };
}

function statusLine({ version, name, appliedAt }: StepStatus): string {
  return `${String(version).padStart(4)} ${name.padEnd(24)} ${appliedAt ?? "pending"}`;
}

function versionOption(options: OptionValues, name: "to" | "from"): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  if (typeof text === "string" && /^\d{1,6}$/.test(text)) return Number(text);
  throw usageError(`--${name} takes the number of a version.`);
}

function usageError(message: string): VaultError {
  return new VaultError("invalid_request", message, { hint: "See `strongroom help`." });
}
