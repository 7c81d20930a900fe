import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { z } from "zod";
import { VaultError } from "../errors.ts";
import { isPendingUpload, useMultipartBodies } from "./asset-upload.ts";
import { answerClientError } from "./client-error.ts";
import { endConnectionsWhenClosing } from "./connection-close.ts";
import { translateFrameworkError } from "./framework-error.ts";
import { useJsonBodies } from "./json-body-parser.ts";
import { describeRoutes, serveDescription, serveReference } from "./openapi.ts";
import { PROBLEM_MEDIA_TYPE, problemHeaders, problemOf } from "./problem.ts";
import { registerPublicRoute, registerRoute, requirePermissions } from "./register-route.ts";
import { requestIdOf } from "./request-id.ts";
import { countRequests } from "./request-log.ts";
import { invalidRequest, storableTextProblem } from "./request-validation.ts";
import type { ServerServices } from "./route.ts";
import { PUBLIC_ROUTES, ROUTES } from "./route-list.ts";

export interface ServerOptions extends ServerServices {
  /** The program's version, for the API's description. */
  readonly version: string;
  /** Checks every answer against its documented schema. For tests. */
  readonly validateAnswers?: boolean | undefined;
}

const PATH_PARAMETER_LENGTH_MAX = 1_024;
/** For a whole request, so that a caller who sends byte by byte does not hold a connection for ever. */
const REQUEST_TIMEOUT_MS = 300_000;

/**
 * The HTTP API over a vault, ready to listen or to `inject`. Closing it finishes the requests that are running; the
 * vault and the telemetry stay the caller's to dispose of.
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { vault } = options;
  const app = fastify({
    logger: false,
    bodyLimit: vault.config.http.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A request that comes over an open connection while the server closes is answered like the others.
    forceCloseConnections: "idle",
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: PATH_PARAMETER_LENGTH_MAX },
    requestIdHeader: false,
    genReqId: requestIdOf(vault.ids),
    frameworkErrors: (error, request, reply) => void sendProblem(options, { error, request, reply }),
  });
  endConnectionsWhenClosing(app);
  useJsonBodies(app);
  await useMultipartBodies(app);
  app.setValidatorCompiler(({ schema, httpPart }) => validatorOf(schema as unknown as z.ZodType, httpPart));
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(options, { error, request, reply }));
  app.setNotFoundHandler(() => {
    throw unknownRoute();
  });
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    done(request.is404 ? unknownRoute() : undefined);
  });
  app.addHook("preValidation", (request, _reply, done) => done(storableTextProblem(request)));
  countRequests(app, options.telemetry);
  await describeRoutes(app, options.version);
  await serveReference(app);
  await app.register(async (api) => registerRoutes(api, options));
  return app;
}

function registerRoutes(api: FastifyInstance, options: ServerOptions): void {
  requirePermissions(api, options);
  serveDescription(api);
  for (const route of PUBLIC_ROUTES) registerPublicRoute(api, route, options);
  for (const route of ROUTES) {
    registerRoute(api, route, { services: options, validateAnswers: options.validateAnswers ?? false });
  }
}

/** The parts of a request by the names that the framework has for them. */
const PARTS: Readonly<Record<string, "body" | "query" | "path">> = { querystring: "query", params: "path" };

function validatorOf(schema: z.ZodType, httpPart: string | undefined) {
  const part = PARTS[httpPart ?? ""] ?? "body";
  return (value: unknown) => {
    // It is checked as it is read.
    if (part === "body" && isPendingUpload(value)) return { value };
    const result = schema.safeParse(value);
    return result.success ? { value: result.data } : { error: invalidRequest(result.error, part) };
  };
}

function unknownRoute(): VaultError {
  return new VaultError("route_not_found", "There is no such path, or not with this method.");
}

interface Failure {
  readonly error: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

function sendProblem({ telemetry }: ServerServices, { error: thrown, request, reply }: Failure): FastifyReply {
  const error = translateFrameworkError(thrown);
  const problem = problemOf(error, request.id);
  telemetry.meters.errors.cell({ error_type: problem.code }).value++;
  if (problem.status >= 500) {
    telemetry.logger.error({ requestId: request.id, code: problem.code, err: error }, "request_failed");
  }
  return reply
    .code(problem.status)
    .headers({ ...problemHeaders(problem), "x-request-id": request.id })
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(problem));
}
