import type { FastifyInstance } from "fastify";

/**
 * Lets connections end with the requests that are running when the server closes. Without it a client that keeps its
 * connection alive would hold the server open until the keep-alive timeout.
 */
export function endConnectionsWhenClosing(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook("preClose", async () => {
    isClosing = true;
  });
  app.addHook("onSend", async (_request, reply) => {
    if (isClosing) reply.header("connection", "close");
  });
}
