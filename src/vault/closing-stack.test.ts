import { expect, it } from "vitest";
import { ClosingStack } from "./closing-stack.ts";

function opened(closed: string[], name: string, failure?: Error): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      closed.push(name);
      if (failure) throw failure;
    },
  };
}

it("closes everything once, in reverse order, also when a part cannot be closed", async () => {
  const closed: string[] = [];
  const stack = new ClosingStack();
  stack.use(opened(closed, "first"));
  stack.use(opened(closed, "second", new RangeError("second")));
  stack.defer(async () => void closed.push("third"));
  stack.use(opened(closed, "fourth", new RangeError("fourth")));
  await expect(stack[Symbol.asyncDispose]()).rejects.toThrow("fourth");
  expect(closed).toEqual(["fourth", "third", "second", "first"]);
  await stack[Symbol.asyncDispose]();
  expect(closed).toHaveLength(4);
});

it("leaves what was moved to another stack", async () => {
  const closed: string[] = [];
  const stack = new ClosingStack();
  stack.use(opened(closed, "first"));
  const moved = stack.move();
  await stack[Symbol.asyncDispose]();
  expect(closed).toEqual([]);
  await moved[Symbol.asyncDispose]();
  expect(closed).toEqual(["first"]);
});
