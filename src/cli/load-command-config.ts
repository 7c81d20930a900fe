import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import type { CommandContext, OptionValues } from "./command.ts";

/** The configuration of a command; `--config` wins over STRONGROOM_CONFIG. Rejects with `invalid_configuration`. */
export function loadCommandConfig(options: OptionValues, context: CommandContext): Promise<LoadedConfig> {
  const named = options["config"];
  const { workingDirectory } = context;
  const environment =
    typeof named === "string" ? { ...context.environment, STRONGROOM_CONFIG: named } : context.environment;
  return loadConfig({ workingDirectory, environment });
}
