import type { Command } from "../command.ts";
import { programVersion } from "../program-version.ts";

export const version: Command = {
  name: "version",
  usage: "",
  summary: "Print the version",
  options: {},
  async run(_arguments, _options, { isJson, print }) {
    print(isJson ? JSON.stringify({ version: programVersion() }) : programVersion());
  },
};
