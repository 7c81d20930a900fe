import swagger, { type FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { IDEMPOTENCY_KEY_LENGTH_MAX } from "./idempotent-answer.ts";
import { REFERENCE_PATH } from "./reference-path.ts";

const OPENAPI_PATH = "/openapi.json";

const DESCRIPTION = `The customer context vault: typed facts and documents with the source of every value.

Send \`Authorization: Bearer <API key>\`. Lists answer \`{items, nextCursor}\`. Errors are problem details (RFC 9457) with a
stable \`code\`. A write with an \`Idempotency-Key\` is done once: for 24 hours a repeat gets the first answer again, with
the header \`Idempotency-Replayed: true\`, and waits for the first when that is still running. Versioned resources carry
an \`ETag\` and take \`If-Match\`.`;

const idempotencyKey = z
  .string()
  .min(1)
  .max(IDEMPOTENCY_KEY_LENGTH_MAX)
  .optional()
  .meta({ description: "Chosen by the caller; a repeat with the same key gets the same answer." });

const ifMatch = z.string().optional().meta({ description: 'The version to change, as in `ETag`: `"7"`, or `*`.' });

/** Collects the schemas of all routes registered after it. */
export async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Strongroom", version, description: DESCRIPTION },
      components: { securitySchemes: { apiKey: { type: "http", scheme: "bearer" } } },
    },
    transform: documentRoute,
    transformObject: (document) => withoutUnusedSchemas(jsonSchemaTransformObject(document)),
  });
}

/** The description itself, for programs. Routes do not change while the server runs, so it is written once. */
export function serveDescription(app: FastifyInstance): void {
  let text: string | undefined;
  app.route({
    method: "GET",
    url: OPENAPI_PATH,
    config: { permission: "public" },
    schema: { hide: true },
    handler: async (_request, reply) => {
      text ??= JSON.stringify(app.swagger());
      return reply.type("application/json; charset=utf-8").send(text);
    },
  });
}

/* The bar shows another project's sign and asks for the address of a description, which is this one. */
const HIDE_TOP_BAR = ".swagger-ui .topbar { display: none }";

/** The page for people. All of it is served from here, so it works without the internet. */
export async function serveReference(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: REFERENCE_PATH,
    staticCSP: true,
    transformStaticCSP: contentPolicy,
    uiConfig: { deepLinking: true, displayRequestDuration: true, persistAuthorization: false },
    theme: { title: "Strongroom API", css: [{ filename: "strongroom.css", content: HIDE_TOP_BAR }] },
  });
}

/**
 * Nothing from other hosts. Requests are not upgraded to TLS, which the vault does not speak itself; the page sets
 * styles on its elements.
 */
function contentPolicy(preset: string): string {
  return preset
    .replace("upgrade-insecure-requests;", "")
    .replace(/font-src [^;]*;/, "font-src 'self' data:;")
    .replace(/img-src [^;]*;/, "img-src 'self' data:;")
    .replace(/style-src [^;]*;/, "style-src 'self' 'unsafe-inline';");
}

type Transform = NonNullable<FastifyDynamicSwaggerOptions["transform"]>;
type Operation = Parameters<Transform>[0];

/** What routes take besides the schemas that the framework knows of. */
const documentRoute: Transform = (operation) => {
  if (!operation.schema || operation.schema.hide) return jsonSchemaTransform(operation);
  const documented = jsonSchemaTransform(withHeaders(operation));
  const { upload } = operation.route.config ?? {};
  if (!upload) return documented;
  const multipart = jsonSchemaTransform({ ...operation, schema: { body: upload } });
  const content = {
    "application/json": { schema: documented.schema.body },
    "multipart/form-data": { schema: multipart.schema.body },
  };
  return { ...documented, schema: { ...documented.schema, body: { content } } };
};

/** Headers are documented here and read by hand: a schema would copy all of them on every request. */
function withHeaders(operation: Operation): Operation {
  const { takesIfMatch, takesIdempotencyKey } = operation.route.config ?? {};
  const headers = {
    ...(takesIdempotencyKey && { "idempotency-key": idempotencyKey }),
    ...(takesIfMatch && { "if-match": ifMatch }),
  };
  if (Object.keys(headers).length === 0) return operation;
  return { ...operation, schema: { ...operation.schema, headers: z.object(headers) } };
}

type TransformObject = NonNullable<FastifyDynamicSwaggerOptions["transformObject"]>;
type Description = ReturnType<TransformObject>;

/** Each shared schema comes in the form for requests and in the form for answers, and most are used in one of them. */
function withoutUnusedSchemas(description: Description): Description {
  const components = "components" in description ? description.components : undefined;
  const schemas = Object.entries(components?.schemas ?? {});
  const used = schemas.filter(([name]) => {
    const others = { ...description, components: schemas.filter(([other]) => other !== name) };
    return JSON.stringify(others).includes(`"#/components/schemas/${name}"`);
  });
  if (used.length === schemas.length) return description;
  const kept = { ...description, components: { ...components, schemas: Object.fromEntries(used) } };
  return withoutUnusedSchemas(kept as Description);
}
