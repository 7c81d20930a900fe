import { Worker } from "node:worker_threads";
import { VaultError } from "../../errors.ts";
import type { ThreadBatch } from "./examiner-call.ts";
import { type ExaminerReply, type ExaminerRequest, keep, packDockets } from "./examiner-protocol.ts";
import type { KeyDirectory } from "./key-directory.ts";

/** The worker is TypeScript where the sources run and JavaScript where they were built. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const WORKER_URL = IS_SOURCE
  ? new URL("./examiner-worker.ts", import.meta.url)
  : new URL("./examiner-worker.js", import.meta.url);

export function startExaminerWorker(): Worker {
  // A program given to `node --eval` passes flags on that no file can be run with.
  const execArgv = IS_SOURCE ? process.execArgv.filter((flag) => !flag.startsWith("--input-type")) : [];
  return new Worker(WORKER_URL, { execArgv });
}

/** One thread with the batches that it was given. It keeps the process alive while it has any. */
export class ExaminerThread {
  readonly #worker: Worker;
  readonly #onFree: () => void;
  readonly #batches = new Map<number, ThreadBatch>();
  readonly #directories = new Map<KeyDirectory, number>();
  #sent = 0;
  readonly #ended: Promise<void>;

  /**
   * @param onFree is told that it has answered a batch
   * @param onEnd is told that it is over, after its batches were rejected
   */
  constructor(worker: Worker, { onFree, onEnd }: { readonly onFree: () => void; readonly onEnd: () => void }) {
    this.#worker = worker;
    this.#onFree = onFree;
    worker.unref();
    let cause: unknown;
    worker.on("message", (reply: ExaminerReply) => this.#settle(reply));
    worker.on("error", (error) => {
      cause = error;
    });
    this.#ended = new Promise((resolve) => {
      worker.on("exit", () => {
        this.#fail(cause);
        resolve();
        onEnd();
      });
    });
  }

  /** How many batches it has not answered. */
  get load(): number {
    return this.#batches.size;
  }

  send(batch: ThreadBatch): void {
    const number = this.#sent++;
    const { registerId, keys } = batch.context;
    const known = this.#directories.get(keys);
    if (known === undefined) keep(this.#directories, keys, number);
    const request: ExaminerRequest = {
      batch: number,
      registerId,
      directory: known ?? number,
      keys: known === undefined ? { keys: keys.keys, version: keys.version } : undefined,
      dockets: packDockets(batch.dockets),
    };
    this.#batches.set(number, batch);
    this.#worker.ref();
    this.#worker.postMessage(request, [request.dockets.buffer]);
  }

  /** Ends it at once, whatever it does. */
  async end(): Promise<void> {
    await this.#worker.terminate();
    await this.#ended;
  }

  #settle(reply: ExaminerReply): void {
    const batch = this.#batches.get(reply.batch);
    this.#batches.delete(reply.batch);
    if (this.load === 0) this.#worker.unref();
    if ("examinations" in reply) batch?.resolve(reply.examinations);
    else batch?.reject(new VaultError(reply.refused.code, reply.refused.message));
    this.#onFree();
  }

  #fail(cause: unknown): void {
    for (const batch of this.#batches.values()) {
      batch.reject(new VaultError("internal_error", "A thread that examines dockets came to its end.", { cause }));
    }
    this.#batches.clear();
  }
}
