import { EventEmitter } from "node:events";
import type { FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import { hangUpOf } from "./request-abort.ts";

function requestOn(socket: EventEmitter & { destroyed?: boolean }): Pick<FastifyRequest, "raw"> {
  return { raw: { socket } } as unknown as Pick<FastifyRequest, "raw">;
}

describe("a caller who hangs up", () => {
  it("is noticed until the answer is sent", () => {
    const socket = new EventEmitter();
    const [noticed, answered] = [hangUpOf(requestOn(socket)), hangUpOf(requestOn(socket))];
    answered[Symbol.dispose]();
    expect(noticed.signal.aborted).toBe(false);
    socket.emit("close");
    expect([noticed.signal.aborted, answered.signal.aborted]).toEqual([true, false]);
  });

  it("is noticed when that was before", () => {
    const socket = Object.assign(new EventEmitter(), { destroyed: true });
    expect(hangUpOf(requestOn(socket)).signal.aborted).toBe(true);
  });

  it("leaves no listeners behind on a connection that many requests share", () => {
    const socket = new EventEmitter();
    for (let n = 0; n < 20; n++) hangUpOf(requestOn(socket))[Symbol.dispose]();
    expect(socket.listenerCount("close")).toBe(0);
  });
});
