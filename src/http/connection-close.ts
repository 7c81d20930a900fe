import type { FastifyInstance } from "fastify";

const IDLE_CHECK_MS = 50;

/**
 * Lets connections end with the requests that are running when the server closes. The runtime ends idle connections
 * once, at the start; a client that keeps its connection alive would hold the server open until its timeout.
 */
export function endConnectionsWhenClosing(app: FastifyInstance): void {
  app.addHook("preClose", async () => {
    const check = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
    app.server.once("close", () => clearInterval(check));
    if (!app.server.listening) clearInterval(check);
  });
}
