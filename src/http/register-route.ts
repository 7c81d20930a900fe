import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { z } from "zod";
import { invariant } from "../errors.ts";
import type { Principal } from "../tenants/authenticator.ts";
import type { Permission } from "../tenants/role.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import { commonErrors, documentedAnswers, documentedProblems } from "./answer-documentation.ts";
import { answerUpload, isPendingUpload } from "./asset-upload.ts";
import { authenticate } from "./authentication.ts";
import { contextOf } from "./call-context.ts";
import { parseIfMatch } from "./entity-tag.ts";
import { answerOnce, idempotencyKeyOf } from "./idempotent-answer.ts";
import { tellRegisterState } from "./register-state.ts";
import { type Answer, isWrite, JSON_MEDIA_TYPE, type PublicRoute, type Route, type ServerServices } from "./route.ts";
import { REGISTER_TAG } from "./schemas/register-schemas.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What the caller must be permitted, or `public`. Every route declares it. */
    permission?: Permission | "public";
    takesIfMatch?: boolean;
    takesIdempotencyKey?: boolean;
    /** The parts of a multipart body. */
    upload?: z.ZodType;
  }
  interface FastifyRequest {
    principal: Principal | null;
  }
}

export interface RegistrationOptions {
  readonly services: ServerServices;
  /** Checks every answer against its schema. For tests: it costs more than most handlers. */
  readonly validateAnswers: boolean;
}

/**
 * From here on a route without a declared permission fails at registration, and one that is not public is
 * authenticated before its body is read.
 */
export function requirePermissions(app: FastifyInstance, { vault }: ServerServices): void {
  app.decorateRequest("principal", null);
  app.addHook("onRoute", (options: RouteOptions) => {
    const permission = options.config?.permission;
    invariant(permission, `${String(options.method)} ${options.url} declares its permission`);
    if (permission === "public") return;
    options.onRequest = async (request: FastifyRequest) => {
      request.principal = await authenticate(vault.authenticator, request, permission);
    };
  });
}

export function registerPublicRoute(app: FastifyInstance, route: PublicRoute, services: ServerServices): void {
  const { name, path, summary, tag, answers, mediaType = JSON_MEDIA_TYPE } = route;
  app.route({
    method: "GET",
    url: path,
    config: { permission: "public" },
    schema: { operationId: name, summary, tags: [tag], response: documentedAnswers(answers, mediaType) },
    handler: async (_request, reply) => {
      const { status, body } = await route.handle(services);
      return reply.code(status).type(mediaType).send(body);
    },
  });
}

export function registerRoute(app: FastifyInstance, route: Route, options: RegistrationOptions): void {
  const recorded = isWrite(route) && route.idempotency !== "natural";
  app.route({
    method: route.method,
    url: route.path,
    config: {
      permission: route.permission,
      takesIfMatch: route.takesIfMatch ?? false,
      takesIdempotencyKey: isWrite(route),
      ...(route.upload && { upload: route.upload }),
    },
    schema: schemaOf(route),
    ...(route.tag === REGISTER_TAG && { onSend: tellRegisterState(options.services) }),
    handler: async (request, reply) => {
      const answer = await answerOf(route, { request, recorded, services: options.services });
      if (options.validateAnswers) requireDocumented(route, answer);
      return send(reply, answer);
    },
  });
}

function schemaOf(route: Route) {
  const { name, summary, description, tag, params, query, body, answers, permission, errors = [] } = route;
  const permissionText = `Needs the permission \`${permission}\`.`;
  return {
    operationId: name,
    summary,
    description: description === undefined ? permissionText : `${description}\n\n${permissionText}`,
    tags: [tag],
    security: [{ apiKey: [] }],
    ...(params && { params }),
    ...(query && { querystring: query }),
    ...(body && { body }),
    response: {
      ...documentedProblems([...commonErrors(route), ...errors]),
      ...documentedAnswers(answers, route.mediaType ?? JSON_MEDIA_TYPE),
    },
  };
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly recorded: boolean;
  readonly services: ServerServices;
}

async function answerOf(route: Route, { request, recorded, services }: Exchange): Promise<Answer> {
  const { principal, params, query } = request;
  invariant(principal, "the request was authenticated");
  const ifMatch = route.takesIfMatch ? parseIfMatch(request.headers["if-match"]) : undefined;
  const work = (vault: TenantVault) =>
    route.handle({ vault, principal, params, query, body: request.body, ifMatch, services, request });
  const vault = services.vault.tenant(principal.tenantId, contextOf(principal, request.id));
  const key = isWrite(route) ? idempotencyKeyOf(request) : undefined;
  const { clock, ids, config } = services.vault;
  const answer = () =>
    key === undefined || !recorded ? work(vault) : answerOnce({ vault, key, request, clock, ids }, work);
  if (!isPendingUpload(request.body)) return answer();
  return answerUpload(request, { vault, sizeBytesMax: config.assets.sizeLimitBytes }, answer);
}

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  if (headers) reply.headers(headers);
  return reply.code(status).send(body);
}

function requireDocumented(route: Route, { status, body }: Answer): void {
  const schema = route.answers[status];
  invariant(schema !== undefined, `${route.method} ${route.path} documents the status ${status}`);
  if (schema === null) {
    invariant(body === undefined, `${route.method} ${route.path} has no body with the status ${status}`);
    return;
  }
  const issues = schema.safeParse(body).error?.issues.map(({ path, code }) => `${path.join("/")}: ${code}`);
  invariant(
    issues === undefined,
    `${route.method} ${route.path} ${status} answers as documented (${issues?.join(", ")})`,
  );
}
