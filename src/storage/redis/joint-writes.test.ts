import { Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { JointWrites } from "./joint-writes.ts";

/** A socket that tells what each of its system calls would write. */
function openSocket() {
  const calls: string[] = [];
  const socket = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      calls.push(chunk);
      done();
    },
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => chunk as string).join(""));
      done();
    },
  });
  const writes = new JointWrites();
  const send = (text: string): void => {
    writes.begin(socket);
    socket.write(text);
  };
  return { calls, send };
}

describe("JointWrites", () => {
  test("a command that is alone is written at once", async () => {
    const { calls, send } = openSocket();
    send("a");
    expect(calls).toEqual(["a"]);
    await setImmediate();
    send("b");
    expect(calls).toEqual(["a", "b"]);
  });

  test("commands of one moment are written together once one was followed by others", async () => {
    const { calls, send } = openSocket();
    for (const text of ["a", "b", "c"]) send(text);
    expect(calls).toEqual(["a"]);
    await setImmediate();
    expect(calls).toEqual(["a", "bc"]);
    for (const text of ["d", "e"]) send(text);
    expect(calls).toEqual(["a", "bc"]);
    await setImmediate();
    expect(calls).toEqual(["a", "bc", "de"]);
  });

  test("after a moment with one command the next one is written at once again", async () => {
    const { calls, send } = openSocket();
    for (const text of ["a", "b"]) send(text);
    await setImmediate();
    send("c");
    await setImmediate();
    send("d");
    expect(calls).toEqual(["a", "b", "c", "d"]);
  });
});
