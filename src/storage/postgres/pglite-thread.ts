import { Worker } from "node:worker_threads";
import { VaultError } from "../../errors.ts";
import type { PGliteReply, PGliteWorkerData } from "./pglite-protocol.ts";

/** The worker is TypeScript where the sources run and JavaScript where they were built. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const WORKER_URL = IS_SOURCE
  ? new URL("./pglite-worker.ts", import.meta.url)
  : new URL("./pglite-worker.js", import.meta.url);

/** The thread of one PGlite database: bytes in, bytes out, and the news that it has ended. */
export class PGliteThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #isAlive = true;
  /** The one client that is connected; it sees every answer. */
  #onBytes: ((bytes: Uint8Array) => void) | undefined;
  #onEnd: (() => void) | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (reply: PGliteReply) => {
      if (reply instanceof Uint8Array) this.#onBytes?.(reply);
    });
    // An error is followed by the exit; without a listener it would end the process.
    worker.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      worker.on("exit", () => {
        this.#isAlive = false;
        this.#onEnd?.();
        resolve();
      });
    });
  }

  /** Errors: `storage_unavailable` when the database does not start. */
  static async start(dataDirectory: string | undefined): Promise<PGliteThread> {
    const workerData: PGliteWorkerData = { dataDirectory };
    // A program given to `node --eval` passes flags on that no file can be run with.
    const execArgv = IS_SOURCE ? process.execArgv.filter((flag) => !flag.startsWith("--input-type")) : [];
    // The thread's output is swallowed: whatever the database prints is not for the program's own streams.
    const worker = new Worker(WORKER_URL, { workerData, execArgv, stdout: true, stderr: true });
    worker.stdout.resume();
    worker.stderr.resume();
    const thread = new PGliteThread(worker);
    await started(worker);
    return thread;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  connect(onBytes: (bytes: Uint8Array) => void, onEnd: () => void): void {
    this.#onBytes = onBytes;
    this.#onEnd = onEnd;
    if (!this.#isAlive) onEnd();
  }

  /** @param bytes are moved to the thread and empty afterwards */
  send(bytes: Uint8Array<ArrayBuffer>): void {
    this.#worker.postMessage(bytes, [bytes.buffer]);
  }

  /** Ends the thread after what was sent, or at once when `graceful` is false. */
  async end(graceful: boolean): Promise<void> {
    if (graceful) this.#worker.postMessage("close");
    else await this.#worker.terminate();
    await this.#ended;
  }
}

function started(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(
        new VaultError("storage_unavailable", "The embedded database did not start.", {
          cause,
          details: { reason: cause instanceof Error ? cause.message : `Its thread ended with ${String(cause)}.` },
          hint: "If its files in the data directory are damaged, restore the whole directory from a backup.",
        }),
      );
    };
    worker.once("error", fail);
    worker.once("exit", fail);
    worker.once("message", (reply: PGliteReply) => {
      worker.off("error", fail);
      worker.off("exit", fail);
      if ("failed" in reply) fail(new Error(reply.failed));
      else resolve();
    });
  });
}
