import type { FastifyInstance } from "fastify";

/** Stops accepting and finishes the requests that are running; those that outlast the deadline are cut off. */
export async function closeWithin(server: FastifyInstance, timeoutMs: number): Promise<void> {
  const deadline = setTimeout(() => server.server.closeAllConnections(), timeoutMs);
  try {
    await server.close();
  } finally {
    clearTimeout(deadline);
  }
}
