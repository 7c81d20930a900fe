import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import type { ErrorCode } from "../codes.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Principal } from "../tenants/authenticator.ts";
import type { Permission } from "../tenants/role.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import type { Vault } from "../vault.ts";
import type { VersionCondition } from "./entity-tag.ts";

/** What every route can reach. */
export interface ServerServices {
  readonly vault: Vault;
  readonly telemetry: Telemetry;
}

/** The body of each status a route answers with when all goes well; `null` for one without a body. */
export type AnswerSchemas = Readonly<Record<number, z.ZodType | null>>;

type Headers = Readonly<Record<string, string>>;

/** A schema's value as the domain holds it: read-only all the way down. */
export type ReadonlyValue<Value> = unknown extends Value
  ? unknown
  : Value extends string | number | boolean | null | undefined
    ? Value
    : { readonly [Key in keyof Value]: ReadonlyValue<Value[Key]> };

type AnswerBody<Schema> = Schema extends z.ZodType ? ReadonlyValue<z.input<Schema>> : undefined;

type AnswerOf<Schemas extends AnswerSchemas> = {
  [Status in keyof Schemas & number]: {
    readonly status: Status;
    readonly headers?: Headers;
    /** What a repeat with the same idempotency key gets instead of `body`: the same without a secret. */
    readonly replayBody?: AnswerBody<Schemas[Status]>;
  } & (Schemas[Status] extends z.ZodType
    ? { readonly body: AnswerBody<Schemas[Status]> }
    : { readonly body?: undefined });
}[keyof Schemas & number];

/** An answer of whatever route. */
export interface Answer {
  readonly status: number;
  readonly headers?: Headers;
  readonly body?: unknown;
  readonly replayBody?: unknown;
}

/** A request that was authenticated, permitted and parsed. */
export interface Call<Params, Query, Body> {
  /** Bound to the caller's tenant; under an idempotency key also to the transaction that remembers the answer. */
  readonly vault: TenantVault;
  readonly principal: Principal;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** `If-Match`, on routes that take it. */
  readonly ifMatch: VersionCondition | undefined;
  /** The whole vault, for the routes of the platform. */
  readonly services: ServerServices;
  readonly request: FastifyRequest;
}

interface RouteDocumentation {
  /** Unique, in camel case: what a generated client calls the operation. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  /** The heading it stands under in the reference. */
  readonly tag: string;
  /** The registered codes it answers with, besides those that every route may answer with. */
  readonly errors?: readonly ErrorCode[];
}

export interface RouteDefinition<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answers extends AnswerSchemas,
> extends RouteDocumentation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With parameters in Fastify's form: `/v1/customers/:customerId`. */
  readonly path: string;
  readonly permission: Permission;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly answers: Answers;
  readonly takesIfMatch?: boolean;
  /** The parts of a multipart body that it takes instead of the JSON one too; see `asset-upload.ts`. */
  readonly upload?: z.ZodType;
  /** What it answers with when all goes well; JSON without it. */
  readonly mediaType?: string;
  /**
   * What an `Idempotency-Key` on a write does. `recorded`, the default: the answer is kept in the transaction of the
   * work, and a repeat gets it. `natural`: repeating the work has no further effect, so nothing is kept.
   */
  readonly idempotency?: "recorded" | "natural";
  handle(call: Call<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<AnswerOf<NoInfer<Answers>>>;
}

/** A route whatever its types. */
export interface Route extends RouteDocumentation {
  readonly method: RouteDefinition<z.ZodType, z.ZodType, z.ZodType, AnswerSchemas>["method"];
  readonly path: string;
  readonly permission: Permission;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answers: AnswerSchemas;
  readonly takesIfMatch?: boolean;
  readonly upload?: z.ZodType;
  readonly mediaType?: string;
  readonly idempotency?: "recorded" | "natural";
  handle(call: Call<unknown, unknown, unknown>): Promise<Answer>;
}

/** Declares a route of the API: its schemas give validation, the types of its handler and its documentation. */
export function defineRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  const Answers extends AnswerSchemas,
>(definition: RouteDefinition<Params, Query, Body, Answers>): Route {
  return definition;
}

/** A route that anybody who reaches the port may call. It must not tell anything about a tenant. */
export interface PublicRoute extends RouteDocumentation {
  readonly path: string;
  /** JSON without it; else the type of the text that it answers with. */
  readonly mediaType?: string;
  readonly answers: AnswerSchemas;
  handle(services: ServerServices): Promise<PublicAnswer> | PublicAnswer;
}

export interface PublicAnswer {
  readonly status: number;
  readonly body: unknown;
}

export const JSON_MEDIA_TYPE = "application/json; charset=utf-8";

export function isWrite(route: Pick<Route, "method">): boolean {
  return route.method !== "GET";
}
