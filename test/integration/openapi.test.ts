import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PUBLIC_ROUTES, ROUTES } from "../../src/http/route-list.ts";
import { IN_MEMORY } from "./engines.ts";
import { schemaProblems } from "./schema-problems.ts";
import { openWorld, type World } from "./world.ts";

type Json = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Json;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Json }>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
  readonly security?: readonly Json[];
}

interface Description {
  readonly openapi: string;
  readonly info: Json;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
}

describe("the OpenAPI description", () => {
  let world: World;
  let description: Description;
  let operations: readonly (Operation & { readonly path: string; readonly method: string })[];

  beforeAll(async () => {
    world = await openWorld(IN_MEMORY);
    description = (await world.nobody.get<Description>("/openapi.json")).expect(200);
    operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method })),
    );
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("is one of OpenAPI 3.1 with the routes and nothing else", () => {
    expect(description.openapi).toMatch(/^3\.1\.\d$/);
    expect(description.info).toMatchObject({ title: expect.any(String) as string, version: "0.0.0" });
    const described = operations.map(({ path, method, operationId }) => `${method} ${path} ${operationId}`);
    const declared = [
      ...PUBLIC_ROUTES.map(({ path, name }) => `get ${path} ${name}`),
      ...ROUTES.map(({ method, path, name }) => {
        return `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")} ${name}`;
      }),
    ];
    expect(described.toSorted()).toEqual(declared.toSorted());
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it("has well-formed schemas throughout", () => {
    const problems: string[] = [];
    for (const [name, schema] of Object.entries(description.components.schemas)) {
      problems.push(...schemaProblems(schema, `#/components/schemas/${name}`));
    }
    for (const { operationId, parameters = [], requestBody, responses } of operations) {
      for (const { name, schema } of parameters) problems.push(...schemaProblems(schema, `${operationId} ${name}`));
      for (const [status, part] of [["body", requestBody] as const, ...Object.entries(responses)]) {
        for (const [type, { schema }] of Object.entries(part?.content ?? {})) {
          problems.push(...schemaProblems(schema, `${operationId} ${status} ${type}`));
        }
      }
    }
    expect(problems).toEqual([]);
  });

  it("resolves every reference", () => {
    const references = [...JSON.stringify(description).matchAll(/"\$ref":"([^"]*)"/g)].map(
      ([, target]) => target ?? "",
    );
    expect(references.length).toBeGreaterThan(50);
    for (const target of new Set(references)) {
      const parts = target.replace(/^#\//, "").split("/");
      const found = parts.reduce<unknown>((node, part) => (node as Json | undefined)?.[part], description);
      expect(`${target} ${typeof found}`).toBe(`${target} object`);
    }
  });

  it("declares the parameters of each path, and describes every answer", () => {
    for (const { operationId, path, summary, tags, parameters = [], responses } of operations) {
      const inPath = parameters.filter((each) => each.in === "path");
      expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(inPath.every(({ required }) => required === true)).toBe(true);
      expect(new Set(parameters.map((each) => `${each.in} ${each.name}`)).size).toBe(parameters.length);
      expect(parameters.every((each) => ["path", "query", "header"].includes(each.in))).toBe(true);
      expect({ operationId, hasSummary: summary.length > 0, tags }).toEqual({
        operationId,
        hasSummary: true,
        tags: [expect.any(String)],
      });
      const statuses = Object.keys(responses);
      expect(statuses.every((status) => /^[2-5]\d\d$/.test(status))).toBe(true);
      expect(statuses.some((status) => status.startsWith("2"))).toBe(true);
      for (const { description: text } of Object.values(responses)) expect(text).toMatch(/\S/);
    }
  });

  it("says for every route but the public ones how to authenticate, and what its problems look like", () => {
    const publicNames = PUBLIC_ROUTES.map(({ name }) => name);
    for (const { operationId, security, responses } of operations) {
      if (publicNames.includes(operationId)) {
        expect(security).toBeUndefined();
        continue;
      }
      expect(security).toEqual([{ apiKey: [] }]);
      const problems = Object.entries(responses).filter(([status]) => Number(status) >= 400);
      expect(problems.map(([status]) => status)).toEqual(expect.arrayContaining(["400", "401", "403", "500", "503"]));
      for (const [, { content }] of problems) {
        expect(content).toEqual({ "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } });
      }
    }
    expect(description.components.securitySchemes).toHaveProperty("apiKey");
  });

  it("documents uploads and downloads as what they are", () => {
    const upload = operations.find(({ operationId }) => operationId === "addAsset")?.requestBody?.content;
    expect(Object.keys(upload ?? {})).toEqual(["application/json", "multipart/form-data"]);
    const parts = upload?.["multipart/form-data"]?.schema;
    expect(parts).toMatchObject({
      required: ["metadata", "file"],
      properties: { metadata: { type: "object" }, file: { type: "string", format: "binary" } },
    });
    const download = operations.find(({ operationId }) => operationId === "getAssetContent")?.responses["200"];
    expect(download?.content?.["*/*"]?.schema).toMatchObject({ type: "string", format: "binary" });
  });

  it("says which writes take an idempotency key and which resources a version", () => {
    for (const { operationId, method, parameters = [] } of operations) {
      const headers = parameters.filter((each) => each.in === "header").map(({ name }) => name);
      const route = ROUTES.find(({ name }) => name === operationId);
      const expected = [...(method === "get" ? [] : ["idempotency-key"]), ...(route?.takesIfMatch ? ["if-match"] : [])];
      expect({ operationId, headers }).toEqual({ operationId, headers: expected });
    }
  });
});
