/** What processes are told to forget. */
export type Invalidation =
  | { readonly what: "keys"; readonly names: readonly string[] }
  | { readonly what: "tags"; readonly names: readonly string[] }
  | { readonly what: "all" };

export interface InvalidationListener {
  /** Another process published it. */
  onInvalidation(invalidation: Invalidation): void;
  /** Messages may have been lost: whatever was kept on their account is to be forgotten. */
  onInterrupted(): void;
}

/** Tells the processes of a vault what the others of them changed. */
export interface InvalidationChannel extends AsyncDisposable {
  /**
   * True while all that others published a second ago or earlier has been heard: a message of this process to itself,
   * sent less than a second ago, came back behind it. To be asked again for each use of what may be outdated.
   */
  isConnected(): boolean;
  /**
   * Resolves with true when it is on its way to all listeners of other processes; calls of one moment travel together.
   * Resolves with false when it cannot be sent now; it is then sent before the channel is connected again.
   */
  publish(invalidation: Invalidation): Promise<boolean>;
  /** @returns ends it */
  subscribe(listener: InvalidationListener): () => void;
}
