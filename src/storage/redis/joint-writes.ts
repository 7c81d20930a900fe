import type { Writable } from "node:stream";

/**
 * Commands of one moment are written to the socket together, which saves most of the system calls under load. A moment
 * after one with a single command does not wait for others before it writes its first.
 */
export class JointWrites {
  #commands = 0;
  #wasAlone = true;
  #held: Writable | undefined;

  /** Before each command is given to the socket. */
  begin(socket: Writable | undefined): void {
    if (this.#commands++ === 0) process.nextTick(this.#end);
    if (!socket || this.#held || (this.#wasAlone && this.#commands === 1)) return;
    this.#held = socket;
    socket.cork();
  }

  readonly #end = (): void => {
    this.#wasAlone = this.#commands === 1;
    this.#commands = 0;
    this.#held?.uncork();
    this.#held = undefined;
  };
}
