import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { invariant, VaultError } from "../../errors.ts";
import { writeDurableFile } from "../../storage/durable-file.ts";
import type { TrustStore } from "./trust-store.ts";

const NAME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;

/** Texts as files of a directory: a reader never sees half of one, and what was written is there after a crash. */
export class FileTrustStore implements TrustStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.#path(name), "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw unusable(error);
    }
  }

  async write(name: string, text: string): Promise<void> {
    const path = this.#path(name);
    // Several processes, and vaults of one process, may share the directory.
    const temporary = `${path}.${randomUUID()}.part`;
    try {
      await writeDurableFile({ path, temporary, content: text });
    } catch (error) {
      throw unusable(error);
    }
  }

  #path(name: string): string {
    invariant(NAME.test(name), "the names of trusted texts are made by the vault");
    return join(this.#directory, name);
  }
}

function unusable(cause: unknown): VaultError {
  return new VaultError("storage_unavailable", "What registers are trusted by cannot be read or written.", {
    cause,
    hint: "Check the folder that register.trustDirectory names.",
  });
}
