/** What every method of a storage interface takes last. */
export interface CallOptions {
  /**
   * Gives the call up: it rejects with `aborted` at once, work that has not begun is not begun, and a statement that
   * runs is cancelled where the server has a way to. What a write did that was given up is unknown.
   */
  readonly signal?: AbortSignal | undefined;
}
