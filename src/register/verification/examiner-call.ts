import type { VaultError } from "../../errors.ts";
import type { BatchContext, DocketBytes } from "./docket-examiner.ts";
import type { Examination } from "./examine-docket.ts";

/** Dockets for one thread, and who waits for what it says of them. */
export interface ThreadBatch {
  readonly dockets: readonly DocketBytes[];
  readonly context: BatchContext;
  resolve(examinations: readonly Examination[]): void;
  reject(error: VaultError): void;
}

/** The dockets of one call in batches of about a size, which may be examined in any order. */
export class ExaminerCall {
  /** Whether nobody waits for it any more. */
  isOver = false;
  readonly result: Promise<readonly Examination[]>;
  readonly batches: readonly (ThreadBatch & { readonly call: ExaminerCall })[];
  readonly #settle = Promise.withResolvers<readonly Examination[]>();
  readonly #parts: (readonly Examination[])[] = [];
  #missing: number;

  constructor(dockets: readonly DocketBytes[], context: BatchContext, batchBytes: number) {
    this.result = this.#settle.promise;
    this.batches = inBatches(dockets, batchBytes).map((batch, at) => ({
      call: this,
      dockets: batch,
      context,
      resolve: (part) => this.#take(at, part),
      reject: (error) => this.reject(error),
    }));
    this.#missing = this.batches.length;
  }

  reject(error: VaultError): void {
    this.isOver = true;
    this.#settle.reject(error);
  }

  #take(at: number, part: readonly Examination[]): void {
    this.#parts[at] = part;
    this.#missing--;
    if (this.#missing === 0) this.#settle.resolve(this.#parts.flat());
  }
}

function inBatches(dockets: readonly DocketBytes[], batchBytes: number): readonly (readonly DocketBytes[])[] {
  const batches: DocketBytes[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const docket of dockets) {
    if (length >= batchBytes) {
      batches.push([]);
      length = 0;
    }
    batches.at(-1)?.push(docket);
    length += docket.bytes.length;
  }
  return batches;
}
