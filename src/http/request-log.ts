import type { Attributes } from "@opentelemetry/api";
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from "fastify";
import type { CounterCell } from "../telemetry/counter.ts";
import type { Meters } from "../telemetry/meters.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const UNKNOWN_ROUTE = "unknown";

/** One log line and two metrics for every answer: route, status and duration, never a body, a query or an id in a path. */
export function countRequests(app: FastifyInstance, { logger, meters }: Telemetry): void {
  const routes = new RouteMetrics(meters);
  app.addHook("onResponse", (request, reply, done) => {
    const { method, principal } = request;
    const status = reply.statusCode;
    const ms = reply.elapsedTime;
    const route = routes.of(request);
    route.count(method, status);
    meters.requestLatency.record(ms / 1_000, route.attributes);
    const line = {
      requestId: request.id,
      tenantId: principal?.tenantId,
      method,
      route: route.endpoint,
      status,
      ms: Math.round(ms * 100) / 100,
    };
    // Probes and scrapes come every few seconds.
    if (route.isPublic) logger.debug(line, "request");
    else logger.info(line, "request");
    done();
  });
}

/** What is measured of each route, found by the one object that all its requests share. */
class RouteMetrics {
  readonly #meters: Meters;
  readonly #routes = new Map<FastifyContextConfig, MeasuredRoute>();
  readonly #unknown: MeasuredRoute;

  constructor(meters: Meters) {
    this.#meters = meters;
    this.#unknown = new MeasuredRoute(meters, UNKNOWN_ROUTE, false);
  }

  of(request: FastifyRequest): MeasuredRoute {
    if (request.is404) return this.#unknown;
    const { config, url = UNKNOWN_ROUTE } = request.routeOptions;
    let route = this.#routes.get(config);
    if (!route) {
      route = new MeasuredRoute(this.#meters, url, config.permission === "public");
      this.#routes.set(config, route);
    }
    return route;
  }
}

class MeasuredRoute {
  readonly endpoint: string;
  readonly isPublic: boolean;
  readonly attributes: Attributes;
  readonly #meters: Meters;
  readonly #cells = new Map<string, CounterCell[]>();

  constructor(meters: Meters, endpoint: string, isPublic: boolean) {
    this.#meters = meters;
    this.endpoint = endpoint;
    this.isPublic = isPublic;
    this.attributes = { endpoint };
  }

  count(method: string, status: number): void {
    const byStatus = this.#cells.get(method) ?? [];
    const cell =
      byStatus[status] ?? this.#meters.requests.cell({ endpoint: this.endpoint, method, status: `${status}` });
    cell.value++;
    byStatus[status] = cell;
    this.#cells.set(method, byStatus);
  }
}
