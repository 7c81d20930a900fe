import type { ParseArgsOptionsConfig } from "node:util";
import type { Environment } from "../config/environment.ts";

/** Where a command runs. */
export interface CommandContext {
  readonly workingDirectory: string;
  readonly environment: Environment;
  /** For machines: one JSON value instead of text. */
  readonly isJson: boolean;
  /** Writes one line to standard output. */
  readonly print: (line: string) => void;
}

export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** One command of the program, in a file of its own. */
export interface Command {
  readonly name: string;
  /** What stands behind the name in the help: `up|down|status [--to N]`. */
  readonly usage: string;
  readonly summary: string;
  /** Besides `--json`, `--config` and `--help`. */
  readonly options: ParseArgsOptionsConfig;
  /** Errors are `VaultError`s; the exit code is that of their kind. */
  run(arguments_: readonly string[], options: OptionValues, context: CommandContext): Promise<void>;
}
