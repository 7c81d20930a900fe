import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A program in a process of its own, for tests that kill one. */
export interface ChildProgram extends AsyncDisposable {
  readonly pid: number;
  /** Its lines of standard output, from the first one not read yet; ends when the output does. */
  readonly lines: AsyncIterator<string>;
  /** Everything it printed on standard error so far. */
  errors(): string;
  send(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  exit(): Promise<number | string>;
}

/**
 * Starts an ES module given as text, which may import files by URL.
 *
 * @param args arrive as `process.argv[2]` and following
 */
export async function startProgram(source: string, args: readonly string[] = []): Promise<ChildProgram> {
  const directory = await mkdtemp(join(tmpdir(), "strongroom-program-"));
  const file = join(directory, "program.mjs");
  await writeFile(file, source);
  const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  await once(child, "spawn");
  return new SpawnedProgram(child, directory);
}

class SpawnedProgram implements ChildProgram {
  readonly pid: number;
  readonly lines: AsyncIterator<string>;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #exited: Promise<number | string>;
  #errors = "";

  constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
    this.pid = child.pid ?? 0;
    const output = child.stdout;
    if (!output) throw new Error("the child has no output");
    this.lines = createInterface({ input: output })[Symbol.asyncIterator]();
    child.stderr?.on("data", (bytes: Buffer) => {
      this.#errors += bytes.toString();
    });
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
    });
  }

  errors(): string {
    return this.#errors;
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  exit(): Promise<number | string> {
    return this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.send("SIGKILL");
    await this.#exited;
    await rm(this.#directory, { recursive: true, force: true });
  }
}
