import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { VaultError } from "../../errors.ts";
import { systemTimers, type Timers } from "../../storage/resilience/timers.ts";
import { throwIfAborted, untilAborted } from "../../storage/until-aborted.ts";
import type { BatchContext, DocketBytes, DocketExaminer } from "./docket-examiner.ts";
import type { Examination } from "./examine-docket.ts";
import { ExaminerCall } from "./examiner-call.ts";
import { ExaminerThread, startExaminerWorker } from "./examiner-thread.ts";
import { inlineExaminer } from "./inline-examiner.ts";

const PARALLELISM_MAX = 16;
const PARALLELISM_DEFAULT_MAX = 4;

/** About twenty signatures: less than it takes to start a thread, and no gain with one that is there. */
const INLINE_BYTES_MAX = 16_384;

/** Enough that handing it over costs nothing beside it, and little enough that all threads are done at one time. */
const BATCH_BYTES_MIN = 16_384;
const BATCH_BYTES_MAX = 131_072;
const BATCHES_PER_THREAD = 4;

/** One in work and one waiting, so that a thread goes on while its last answer is dealt with. */
const LOAD_MAX = 2;

const IDLE_MS = 10_000;

export interface ThreadedExaminerOptions {
  /** Threads, 1 to 16; as many as there are cores, but at most 4, when left out. */
  readonly parallelism?: number | undefined;
  /** After how long without work the threads are ended; they are started again when there is some. */
  readonly idleMs?: number;
  readonly timers?: Timers;
  readonly startWorker?: () => Worker;
}

/**
 * An examiner on threads of its own. They are started when there is work for them, and keep the process alive only while
 * they work. A few dockets are examined on the caller's thread. When a thread fails, the calls it worked for are rejected
 * with `internal_error`, and another one takes its place.
 */
export class ThreadedExaminer implements DocketExaminer {
  readonly #parallelism: number;
  readonly #idleMs: number;
  readonly #timers: Timers;
  readonly #startWorker: () => Worker;
  readonly #inline: DocketExaminer;
  readonly #threads = new Set<ExaminerThread>();
  readonly #calls = new Set<ExaminerCall>();
  #queue: ExaminerCall["batches"][number][] = [];
  #cancelIdle: (() => void) | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** @throws `invalid_value` when the parallelism is not 1 to 16 */
  constructor(options: ThreadedExaminerOptions = {}) {
    const { idleMs = IDLE_MS, timers = systemTimers, startWorker = startExaminerWorker } = options;
    this.#parallelism = options.parallelism ?? Math.min(PARALLELISM_DEFAULT_MAX, availableParallelism());
    if (!Number.isInteger(this.#parallelism) || this.#parallelism < 1 || this.#parallelism > PARALLELISM_MAX) {
      throw new VaultError("invalid_value", `Dockets are examined on 1 to ${PARALLELISM_MAX} threads.`);
    }
    this.#idleMs = idleMs;
    this.#timers = timers;
    this.#startWorker = startWorker;
    this.#inline = inlineExaminer({ timers });
  }

  /** How many there are now. */
  get threads(): number {
    return this.#threads.size;
  }

  async examine(dockets: readonly DocketBytes[], context: BatchContext): Promise<readonly Examination[]> {
    throwIfAborted(context.signal);
    if (this.#isClosed) throw closedError();
    const length = dockets.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (length <= INLINE_BYTES_MAX) return this.#inline.examine(dockets, context);
    const share = length / (this.#parallelism * BATCHES_PER_THREAD);
    const call = new ExaminerCall(dockets, context, Math.max(BATCH_BYTES_MIN, Math.min(BATCH_BYTES_MAX, share)));
    this.#calls.add(call);
    this.#queue.push(...call.batches);
    this.#handOut();
    try {
      return await untilAborted(context.signal, () => call.result);
    } finally {
      call.isOver = true;
      this.#calls.delete(call);
      this.#queue = this.#queue.filter((batch) => batch.call !== call);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancelIdle?.();
    for (const call of this.#calls) call.reject(closedError());
    this.#endThreads();
    await Promise.all([this.#inline[Symbol.asyncDispose](), this.#ended]);
  }

  #handOut(): void {
    if (this.#isClosed) return;
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
    this.#queue = this.#queue.filter(({ call }) => !call.isOver);
    for (let batch = this.#queue[0]; batch; batch = this.#queue[0]) {
      const thread = this.#freeThread();
      if (!thread) return;
      this.#queue.shift();
      thread.send(batch);
    }
    if ([...this.#threads].some(({ load }) => load > 0)) return;
    this.#cancelIdle = this.#timers.after(this.#idleMs, () => this.#endThreads());
  }

  /** The one with the least to do; a new one before any of them has to wait. */
  #freeThread(): ExaminerThread | undefined {
    const [freest] = [...this.#threads].sort((one, other) => one.load - other.load);
    if (freest?.load === 0) return freest;
    if (this.#threads.size < this.#parallelism) return this.#startThread();
    return freest && freest.load < LOAD_MAX ? freest : undefined;
  }

  /** `undefined` when the system has no thread to give: then those that are there have to do, if there are any. */
  #startThread(): ExaminerThread | undefined {
    let worker: Worker;
    try {
      worker = this.#startWorker();
    } catch (cause) {
      if (this.#threads.size > 0) return undefined;
      const error = new VaultError("internal_error", "No thread to examine dockets could be started.", { cause });
      for (const call of this.#calls) call.reject(error);
      return undefined;
    }
    const thread: ExaminerThread = new ExaminerThread(worker, {
      onFree: () => this.#handOut(),
      onEnd: () => {
        this.#threads.delete(thread);
        this.#handOut();
      },
    });
    this.#threads.add(thread);
    return thread;
  }

  /** From now on there are none, so that new work gets new ones. */
  #endThreads(): void {
    const ending = [...this.#threads].map((thread) => thread.end());
    this.#threads.clear();
    this.#ended = Promise.all([this.#ended, ...ending]);
  }
}

function closedError(): VaultError {
  return new VaultError("closed", "The examiner was disposed of.");
}
