import type { Command } from "../command.ts";
import { EXIT_CODES } from "../exit-codes.ts";

export function helpCommand(commands: readonly Command[]): Command {
  return {
    name: "help",
    usage: "",
    summary: "Print this text",
    options: {},
    async run(_arguments, _options, { print }) {
      print(helpText(commands));
    },
  };
}

function helpText(commands: readonly Command[]): string {
  const rows = commands.map(({ name, usage, summary }) => `  ${`${name} ${usage}`.trim()}\n      ${summary}`);
  const codes = Object.entries(EXIT_CODES).map(([kind, code]) => `${code} ${kind}`);
  return [
    "Usage: strongroom [command] [options]",
    "",
    ...rows,
    "",
    "Options of every command:",
    "  --config FILE   read this file instead of strongroom.toml or strongroom.json",
    "  --json          answer with JSON",
    "  --help          print this text",
    "",
    "Settings come from the file and from the environment; `strongroom config` lists them.",
    "",
    `Exit codes: 0 success, ${codes.join(", ")}`,
  ].join("\n");
}
