import { parseArgs } from "node:util";
import { closestName } from "../config/closest-name.ts";
import { VaultError } from "../errors.ts";
import type { Command, CommandContext, OptionValues } from "./command.ts";
import { helpCommand } from "./commands/help.ts";

/** Loads the commands when one is needed: `help` answers without opening a database driver. */
export type CommandLoaders = Readonly<Record<string, () => Promise<Command>>>;

const COMMON_OPTIONS = {
  config: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/** Runs the command that the arguments name. Rejects with `invalid_request` when they name none. */
export async function runProgram(
  argv: readonly string[],
  loaders: CommandLoaders,
  context: CommandContext,
): Promise<void> {
  const name = commandName(argv);
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  const command = name === "help" ? await loadHelp(loaders) : await load?.();
  if (!command) throw unknownCommand(name, loaders);
  const { values, positionals } = parse(argv, command);
  await command.run(positionals.slice(1), values, context);
}

function commandName(argv: readonly string[]): string {
  if (argv.includes("--help") || argv.includes("-h")) return "help";
  if (argv.includes("--version") || argv.includes("-v")) return "version";
  const first = argv.find((argument, index) => !argument.startsWith("-") && argv[index - 1] !== "--config");
  return first ?? "serve";
}

async function loadHelp(loaders: CommandLoaders): Promise<Command> {
  const commands = await Promise.all(Object.values(loaders).map((load) => load()));
  return helpCommand(commands);
}

function parse(argv: readonly string[], command: Command): { values: OptionValues; positionals: string[] } {
  try {
    const options = { ...COMMON_OPTIONS, ...command.options };
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { values, positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new VaultError("invalid_request", error.message, { hint: "See `strongroom help`." });
  }
}

function unknownCommand(name: string, loaders: CommandLoaders): VaultError {
  const meant = closestName(name, [...Object.keys(loaders), "help"]);
  const hint = meant === undefined ? "See `strongroom help`." : `Did you mean \`strongroom ${meant}\`?`;
  return new VaultError("invalid_request", `There is no command ${name}.`, { hint });
}
