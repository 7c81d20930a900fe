/**
 * What has been opened, to be closed in the reverse order, all of it even when a part cannot be. The supported versions of
 * Node have no `AsyncDisposableStack` of their own yet.
 */
export class ClosingStack implements AsyncDisposable {
  #steps: (() => PromiseLike<void> | void)[] = [];

  /** Closes it with the stack, and returns it. */
  use<T extends AsyncDisposable>(opened: T): T {
    this.#steps.push(() => opened[Symbol.asyncDispose]());
    return opened;
  }

  defer(close: () => Promise<void> | void): void {
    this.#steps.push(close);
  }

  /** Another stack with all that is in this one, which is then empty. */
  move(): ClosingStack {
    const moved = new ClosingStack();
    moved.#steps = this.#steps;
    this.#steps = [];
    return moved;
  }

  /** Rejects like the first part that could not be closed, after all of them were tried. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
