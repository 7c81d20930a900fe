/**
 * A few small texts that are kept where nobody who can write to the database can: what a register is believed by when
 * everything in the database may have been replaced. Rejects with `storage_unavailable`.
 */
export interface TrustStore {
  read(name: string): Promise<string | undefined>;
  /** Replaces it as a whole: whatever happens, the old text or the new one is there, and once this resolves, the new one. */
  write(name: string, text: string): Promise<void>;
  /**
   * Replaces a text by what is made of it, as `write` does, while no other update of it is under way in any process; `undefined`
   * leaves it as it is. Rejects as `change` throws, and when others do not come to their end within some seconds.
   */
  update(name: string, change: TextChange): Promise<void>;
}

/** Given `undefined` when there is no text. */
export type TextChange = (text: string | undefined) => string | undefined;

/** Of a vault that forgets everything at its end. */
export class InMemoryTrustStore implements TrustStore {
  readonly #texts = new Map<string, string>();

  async read(name: string): Promise<string | undefined> {
    return this.#texts.get(name);
  }

  async write(name: string, text: string): Promise<void> {
    this.#texts.set(name, text);
  }

  async update(name: string, change: TextChange): Promise<void> {
    const text = change(this.#texts.get(name));
    if (text !== undefined) this.#texts.set(name, text);
  }
}
