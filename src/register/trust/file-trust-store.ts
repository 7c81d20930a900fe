import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { invariant, VaultError } from "../../errors.ts";
import type { TrustStore } from "./trust-store.ts";

const NAME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;
const TEMPORARY = ".part";

/**
 * Texts as files of a directory. A file is written under a temporary name, flushed and renamed into place, and the
 * directory is flushed so that the name survives a crash.
 */
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
    // Several processes may share the directory, and one may die in the middle.
    const temporary = `${path}.${process.pid}${TEMPORARY}`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await flushed(temporary, "w", (file) => file.writeFile(text));
      await rename(temporary, path);
      await flushed(this.#directory, "r", async () => undefined);
    } catch (error) {
      throw unusable(error);
    }
  }

  #path(name: string): string {
    invariant(NAME.test(name), "the names of trusted texts are made by the vault");
    return join(this.#directory, name);
  }
}

async function flushed(
  path: string,
  flags: "r" | "w",
  work: (file: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

function unusable(cause: unknown): VaultError {
  return new VaultError("storage_unavailable", "What registers are trusted by cannot be read or written.", {
    cause,
    hint: "Check the folder that register.trustDirectory names.",
  });
}
