/** The part of a terminal, or of a pipe, that is needed. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const LINE_EVERY_MS = 5_000;
const CLEAR_LINE = "\r\u001b[2K";

/** Says how far long work is: on a terminal in one line that changes, elsewhere in a plain line now and then. */
export class ProgressReport implements Disposable {
  readonly #stream: ProgressStream;
  readonly #nowMs: () => number;
  #lineMs = Number.NEGATIVE_INFINITY;
  #isLineOpen = false;

  constructor(stream: ProgressStream, nowMs: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#nowMs = nowMs;
  }

  show(text: string): void {
    if (this.#stream.isTTY) {
      this.#isLineOpen = true;
      this.#stream.write(`${CLEAR_LINE}${text}`);
      return;
    }
    if (this.#nowMs() - this.#lineMs < LINE_EVERY_MS) return;
    this.#lineMs = this.#nowMs();
    this.#stream.write(`${text}\n`);
  }

  /** Leaves nothing on the terminal. */
  [Symbol.dispose](): void {
    if (this.#isLineOpen) this.#stream.write(CLEAR_LINE);
    this.#isLineOpen = false;
  }
}
