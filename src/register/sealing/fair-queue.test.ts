import { describe, expect, it } from "vitest";
import { settled } from "../../testing/manual-timers.ts";
import { FairQueue } from "./fair-queue.ts";

/** A queue whose work ends when the test says so. */
function queueOf(limit: number) {
  const begun: string[] = [];
  const ends = new Map<string, (isMore: boolean) => void>();
  const queue = new FairQueue<string>(limit, (key) => {
    begun.push(key);
    return new Promise((resolve) => ends.set(key, resolve));
  });
  const end = async (key: string, isMore = false) => {
    ends.get(key)?.(isMore);
    await settled();
  };
  return { queue, begun, end };
}

describe("a fair queue", () => {
  it("works on so many at a time, in the order in which they came", async () => {
    const { queue, begun, end } = queueOf(2);
    for (const key of ["a", "b", "c", "d"]) queue.add(key);
    expect(begun).toEqual(["a", "b"]);
    await end("b");
    expect(begun).toEqual(["a", "b", "c"]);
    await end("a");
    await end("c");
    expect(begun).toEqual(["a", "b", "c", "d"]);
  });

  it("puts what is not done behind all that wait", async () => {
    const { queue, begun, end } = queueOf(1);
    for (const key of ["a", "b", "c"]) queue.add(key);
    await end("a", true);
    await end("b", true);
    await end("c");
    await end("a");
    expect(begun).toEqual(["a", "b", "c", "a", "b"]);
    await end("b", true);
    expect(begun.at(-1)).toBe("b");
  });

  it("takes a key once, as long as it waits or is worked on", async () => {
    const { queue, begun, end } = queueOf(1);
    for (const key of ["a", "a", "b", "b"]) queue.add(key);
    await end("a");
    await end("b");
    expect(begun).toEqual(["a", "b"]);
    queue.add("a");
    expect(begun).toEqual(["a", "b", "a"]);
  });

  it("begins nothing once it was stopped, and waits for what was begun", async () => {
    const { queue, begun, end } = queueOf(1);
    queue.add("a");
    queue.add("b");
    let isStopped = false;
    const stopping = queue.stop().then(() => {
      isStopped = true;
    });
    queue.add("c");
    await settled();
    expect(isStopped).toBe(false);
    await end("a", true);
    await stopping;
    expect(begun).toEqual(["a"]);
  });
});
