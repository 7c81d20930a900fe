import { EventEmitter } from "node:events";
import type { PGliteThread } from "./pglite-thread.ts";

/**
 * What the driver takes for its socket, with PGlite at the other end. What the driver writes while the stream is
 * corked goes to the thread as one message: a statement is one hop there and one back.
 */
export class PGliteStream extends EventEmitter {
  writable = true;
  readonly #thread: PGliteThread;
  #parts: Buffer[] = [];
  #corks = 0;

  constructor(thread: PGliteThread) {
    super();
    this.#thread = thread;
  }

  connect(): void {
    this.#thread.connect(
      (bytes) => this.emit("data", Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
      () => this.#fail(),
    );
    queueMicrotask(() => this.emit("connect"));
  }

  cork(): void {
    this.#corks++;
  }

  uncork(): void {
    if (--this.#corks === 0) this.#flush();
  }

  write(bytes: Buffer, done?: () => void): boolean {
    this.#parts.push(bytes);
    if (this.#corks === 0) this.#flush();
    done?.();
    return true;
  }

  end(): void {
    if (!this.writable) return;
    this.writable = false;
    queueMicrotask(() => this.emit("close"));
  }

  destroy(): void {
    this.end();
  }

  /** The driver calls these on a socket; a thread has no counterpart. */
  setNoDelay(): void {}
  setKeepAlive(): void {}
  ref(): void {}
  unref(): void {}

  #fail(): void {
    if (!this.writable) return;
    this.writable = false;
    this.emit("error", new Error("PGlite's worker has ended"));
    this.emit("close");
  }

  #flush(): void {
    if (this.#parts.length === 0) return;
    const message = new Uint8Array(this.#parts.reduce((length, part) => length + part.length, 0));
    let offset = 0;
    for (const part of this.#parts) {
      message.set(part, offset);
      offset += part.length;
    }
    this.#parts = [];
    if (this.writable) this.#thread.send(message);
  }
}
