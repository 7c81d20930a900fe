/**
 * Where bytes are put for a call of a native library. V8 keeps small arrays in its heap and moves each that is handed out of it to
 * memory of its own, which its collector's threads then free while this one waits for the allocator.
 */
export class Shelf {
  static readonly #BYTES_MAX = 256;
  readonly #bytes = new Uint8Array(Shelf.#BYTES_MAX);
  readonly #views: Uint8Array[] = [];

  /** The same bytes, until the next call. */
  put(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > Shelf.#BYTES_MAX) return bytes;
    let view = this.#views[length];
    if (!view) {
      view = this.#bytes.subarray(0, length);
      this.#views[length] = view;
    }
    view.set(bytes);
    return view;
  }
}
