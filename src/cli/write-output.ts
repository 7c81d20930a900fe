import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { VaultError } from "../errors.ts";
import type { CommandContext } from "./command.ts";

/** Rejects with `file_not_writable`. */
export async function writeOutput(name: string, text: string, { workingDirectory }: CommandContext): Promise<void> {
  try {
    await writeFile(resolve(workingDirectory, name), text);
  } catch (cause) {
    throw new VaultError("file_not_writable", `${name} cannot be written.`, { cause });
  }
}
