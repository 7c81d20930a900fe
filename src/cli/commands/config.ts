import { describeConfig, type EffectiveSetting } from "../../config/describe-config.ts";
import type { Command } from "../command.ts";
import { loadCommandConfig } from "../load-command-config.ts";

export const config: Command = {
  name: "config",
  usage: "",
  summary: "Print every setting with its value in force and where that comes from",
  options: {},
  async run(_arguments, options, context) {
    const settings = describeConfig(await loadCommandConfig(options, context));
    context.print(context.isJson ? JSON.stringify(settings) : settings.map(linesOf).join("\n"));
  },
};

function linesOf({ path, value, source, variable, description }: EffectiveSetting): string {
  return `${path} = ${value === null ? "(not set)" : JSON.stringify(value)}   from ${source}\n    ${description}\n    ${variable}`;
}
