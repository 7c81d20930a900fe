import type { Examination } from "./examine-docket.ts";
import type { KeyDirectory } from "./key-directory.ts";

/** A docket as it is kept, and where it is supposed to be. */
export interface DocketBytes {
  readonly height: bigint;
  /** Not to be changed until the examination is over. */
  readonly bytes: Uint8Array;
}

/** What a batch of dockets is examined by. */
export interface BatchContext {
  readonly registerId: string;
  readonly keys: KeyDirectory;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Examines dockets without keeping the event loop of the caller busy. What was not begun when it is disposed, or when
 * the signal fires, is not done. Any number of calls may be under way at a time.
 */
export interface DocketExaminer extends AsyncDisposable {
  /**
   * What `examineDocket` says of each, in their order, by the keys that are known before the first of them.
   *
   * @throws `aborted`, `closed` once the examiner is disposed of, `unsupported` as `examineDocket`
   */
  examine(dockets: readonly DocketBytes[], context: BatchContext): Promise<readonly Examination[]>;
}
