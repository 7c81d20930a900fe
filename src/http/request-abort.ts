import type { FastifyRequest } from "fastify";

/** A signal that fires when the caller hangs up; to be disposed of with the answer, since connections outlive requests. */
export interface HangUp extends Disposable {
  readonly signal: AbortSignal;
}

export function hangUpOf({ raw: { socket } }: Pick<FastifyRequest, "raw">): HangUp {
  const controller = new AbortController();
  const abort = () => controller.abort();
  socket.once("close", abort);
  if (socket.destroyed) abort();
  return { signal: controller.signal, [Symbol.dispose]: () => void socket.off("close", abort) };
}
