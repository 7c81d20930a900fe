import { setImmediate as nextTurn } from "node:timers/promises";
import { VaultError } from "../../errors.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import type { SignatureSuites } from "../../signatures/signature-suites.ts";
import { systemTimers, type Timers } from "../../storage/resilience/timers.ts";
import { throwIfAborted } from "../../storage/until-aborted.ts";
import type { BatchContext, DocketBytes, DocketExaminer } from "./docket-examiner.ts";
import { type Examination, examineInSteps } from "./examine-docket.ts";

/** How long it works before others have their turn. One transaction of eight signatures may come on top. */
const SLICE_MS = 8;

export interface InlineExaminerOptions {
  readonly suites?: SignatureSuites;
  readonly timers?: Pick<Timers, "nowMs">;
}

/** An examiner on the thread of its caller, for tests and for a few dockets. No slice of its work takes 20 ms. */
export function inlineExaminer(options: InlineExaminerOptions = {}): DocketExaminer {
  return new InlineExaminer(options);
}

class InlineExaminer implements DocketExaminer {
  readonly #suites: SignatureSuites;
  readonly #timers: Pick<Timers, "nowMs">;
  #isClosed = false;

  constructor({ suites = NODE_SIGNATURE_SUITES, timers = systemTimers }: InlineExaminerOptions) {
    this.#suites = suites;
    this.#timers = timers;
  }

  async examine(dockets: readonly DocketBytes[], context: BatchContext): Promise<readonly Examination[]> {
    const { registerId, keys, signal } = context;
    this.#throwIfOver(signal);
    const examinations: Examination[] = [];
    let sliceEndMs = this.#timers.nowMs() + SLICE_MS;
    for (const { height, bytes } of dockets) {
      const steps = examineInSteps(bytes, { registerId, height, keys, suites: this.#suites });
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done) {
          examinations.push(step.value);
          break;
        }
        if (this.#timers.nowMs() >= sliceEndMs) sliceEndMs = await this.#nextSlice(signal);
      }
      if (this.#timers.nowMs() >= sliceEndMs) sliceEndMs = await this.#nextSlice(signal);
    }
    return examinations;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
  }

  async #nextSlice(signal: AbortSignal | undefined): Promise<number> {
    await nextTurn();
    this.#throwIfOver(signal);
    return this.#timers.nowMs() + SLICE_MS;
  }

  #throwIfOver(signal: AbortSignal | undefined): void {
    throwIfAborted(signal);
    if (this.#isClosed) throw new VaultError("closed", "The examiner was disposed of.");
  }
}
