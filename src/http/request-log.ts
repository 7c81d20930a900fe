import type { Attributes } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";
import type { Telemetry } from "../telemetry/telemetry.ts";

const UNKNOWN_ROUTE = "unknown";

/** One log line and two metrics for every answer: route, status and duration, never a body, a query or an id in a path. */
export function countRequests(app: FastifyInstance, { logger, meters }: Telemetry): void {
  const labels = new Map<string, Attributes>();
  app.addHook("onResponse", async (request, reply) => {
    const endpoint = request.is404 ? UNKNOWN_ROUTE : (request.routeOptions.url ?? UNKNOWN_ROUTE);
    const { method } = request;
    const status = reply.statusCode;
    meters.requests.cell({ endpoint, method, status: String(status) }).value++;
    let attributes = labels.get(endpoint);
    if (!attributes) {
      attributes = { endpoint };
      labels.set(endpoint, attributes);
    }
    meters.requestLatency.record(reply.elapsedTime / 1_000, attributes);
    const tenantId = request.principal?.tenantId;
    const ms = Math.round(reply.elapsedTime * 100) / 100;
    const line = { requestId: request.id, tenantId, method, route: endpoint, status, ms };
    // Probes and scrapes come every few seconds.
    if (request.routeOptions.config.permission === "public") logger.debug(line, "request");
    else logger.info(line, "request");
  });
}
