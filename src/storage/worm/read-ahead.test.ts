import { describe, expect, it } from "vitest";
import { readAhead } from "./read-ahead.ts";

/** Numbers up to 4, and what became of them. */
function counted(failsAt = Number.POSITIVE_INFINITY) {
  const log: string[] = [];
  async function* numbers(): AsyncGenerator<number, void, undefined> {
    try {
      for (let number = 1; number <= 4; number++) {
        log.push(`read ${number}`);
        await Promise.resolve();
        if (number === failsAt) throw new RangeError(`no ${number}`);
        yield number;
      }
    } finally {
      log.push("closed");
    }
  }
  return { log, numbers: numbers() };
}

describe("readAhead", () => {
  it("asks for one item more than the consumer has, and no further", async () => {
    const { log, numbers } = counted();
    const items = readAhead(numbers);
    expect(log).toEqual([]);
    expect(await items.next()).toEqual({ value: 1, done: false });
    await new Promise(setImmediate);
    expect(log).toEqual(["read 1", "read 2"]);
    expect(await Array.fromAsync(items)).toEqual([2, 3, 4]);
    expect(log.at(-1)).toBe("closed");
  });

  it("closes the source when the consumer leaves, after what is on its way", async () => {
    const { log, numbers } = counted();
    for await (const number of readAhead(numbers)) if (number === 2) break;
    expect(log).toEqual(["read 1", "read 2", "read 3", "closed"]);
  });

  it("reports a failure in its turn, and not to a consumer who left before", async () => {
    const failing = readAhead(counted(2).numbers);
    expect(await failing.next()).toEqual({ value: 1, done: false });
    await new Promise(setImmediate);
    await expect(failing.next()).rejects.toThrow("no 2");
    for await (const number of readAhead(counted(2).numbers)) if (number === 1) break;
    await new Promise(setImmediate);
  });
});
