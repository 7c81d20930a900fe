import { connect } from "node:net";
import { fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requirePermissions } from "../../src/http/register-route.ts";
import { PUBLIC_ROUTES, ROUTES } from "../../src/http/route-list.ts";
import { ApiUnderTest, expectProblem, ROOT_KEY } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeEach(async () => {
  api = await ApiUnderTest.open();
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

describe("probes", () => {
  it("tell that the process lives, whatever becomes of its database", async () => {
    await api.vault[Symbol.asyncDispose]();
    const response = await api.send({ url: "/health", key: null });
    expect([response.statusCode, response.json()]).toEqual([200, { status: "ok" }]);
  });

  it("tell whether each tier answers", async () => {
    const ready = await api.send({ url: "/ready", key: null });
    expect(ready.statusCode).toBe(200);
    expect(ready.json()).toMatchObject({
      status: "ready",
      tiers: [{ tier: "relational", engine: "in-memory", status: "up", code: null }],
    });
    await api.vault[Symbol.asyncDispose]();
    const down = await api.send({ url: "/ready", key: null });
    expect(down.statusCode).toBe(503);
    expect(down.json()).toMatchObject({ status: "not_ready", tiers: [{ status: "down", code: "closed" }] });
    expectProblem(await api.send({ url: "/v1/api-keys" }), 503, "closed");
  });

  it("answer to HEAD too", async () => {
    for (const url of ["/health", "/ready"]) {
      const response = await api.send({ method: "HEAD", url, key: null });
      expect([response.statusCode, response.body]).toEqual([200, ""]);
    }
    expect((await api.send({ method: "HEAD", url: "/v1/api-keys", key: null })).statusCode).toBe(401);
  });
});

describe("metrics", () => {
  it("count answers by route, never by path, and errors by code", async () => {
    await api.send({ url: "/v1/api-keys/01a1fd19-d6f0-7000-abde-c75bc5c322fe" });
    await api.send({ url: "/v1/secret-path", key: null });
    const response = await api.send({ url: "/metrics", key: null });
    expect(response.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const route = 'endpoint="/v1/api-keys/:apiKeyId",method="GET",status="404"';
    expect(response.body).toContain(`strongroom_request_count_total{${route}} 1\n`);
    expect(response.body).toContain('strongroom_request_count_total{endpoint="unknown",method="GET",status="404"} 1\n');
    expect(response.body).toContain('strongroom_errors_total{error_type="api_key_not_found"} 1\n');
    expect(response.body).toContain('strongroom_request_latency_seconds_count{endpoint="/v1/api-keys/:apiKeyId"} 1\n');
    expect(response.body).not.toMatch(/01a1fd19|secret-path/);
  });
});

describe("the log", () => {
  it("has one line for each request, without keys, bodies, queries or paths", async () => {
    api.logLines.length = 0;
    const headers = { "x-request-id": "request-1", "idempotency-key": "idempotency-secret" };
    const payload = { name: "body-secret", role: "agent" };
    await api.send({ method: "POST", url: "/v1/api-keys", headers, payload });
    await api.send({ url: "/v1/audit/events?eventType=query-secret" });
    await api.send({ url: "/v1/api-keys/path-secret" });
    const lines = api.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ event }) => event)).toEqual(["request", "request", "request"]);
    expect(lines[0]).toMatchObject({
      level: "info",
      requestId: "request-1",
      tenantId: api.vault.defaultTenantId,
      method: "POST",
      route: "/v1/api-keys",
      status: 201,
      ms: expect.any(Number),
    });
    expect(api.logLines.join("")).not.toMatch(/-secret|sr_|root-key/);
  });
});

interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly responses: Readonly<Record<string, object>>;
}

describe("the description of the API", () => {
  it("lists every route with its operation, permission and answers", async () => {
    const response = await api.send({ url: "/openapi.json", key: null });
    const description = response.json<{ openapi: string; paths: Record<string, Record<string, Operation>> }>();
    expect(description.openapi).toBe("3.1.0");
    for (const route of ROUTES) {
      const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
      const operation = description.paths[path]?.[route.method.toLowerCase()];
      expect(operation?.operationId).toBe(route.name);
      expect(operation?.description).toContain(`\`${route.permission}\``);
      const statuses = [...Object.keys(route.answers), "400", "401", "403", "500", "503"];
      expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(statuses));
    }
    for (const { path } of PUBLIC_ROUTES) expect(description.paths[path]?.["get"]).toBeDefined();
    const operations = Object.values(description.paths).flatMap((path) => Object.values(path));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it("refers only to schemas it has, and has only schemas it refers to", async () => {
    const { body } = await api.send({ url: "/openapi.json", key: null });
    const referred = new Set([...body.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name));
    const { components } = JSON.parse(body) as { components: { schemas: object } };
    expect(new Set(Object.keys(components.schemas))).toEqual(referred);
  });

  it("is shown on a page that loads nothing from elsewhere", async () => {
    const page = await api.send({ url: "/docs/", key: null });
    expect(page.statusCode).toBe(200);
    const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).toMatch(/^\.\/static\//);
      expect((await api.send({ url: `/docs/${link.slice(2)}`, key: null })).statusCode).toBe(200);
    }
    expect(page.headers["content-security-policy"]).toContain("default-src 'self'");
  });
});

describe("a route", () => {
  it("without a declared permission is refused at registration", () => {
    const app = fastify();
    requirePermissions(app, { vault: api.vault, telemetry: api.telemetry });
    expect(() => app.get("/open", () => "secret")).toThrow(expect.objectContaining({ code: "internal_error" }));
    expect(() => app.get("/open", { config: { permission: "public" } }, () => "fine")).not.toThrow();
  });

  it("that fails unexpectedly says only its request id, and the log says where", async () => {
    Object.defineProperty(api.vault, "tenants", {
      value: () => {
        throw new RangeError("ana@example.com");
      },
    });
    const response = await api.send({ url: "/v1/tenants" });
    const problem = expectProblem(response, 500, "internal_error");
    expect(response.body).not.toContain("ana@");
    const line = api.logLines.find((text) => text.includes("request_failed")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({
      requestId: problem.requestId,
      err: { name: "RangeError", stack: expect.arrayContaining([expect.stringContaining("http-operation.test.ts")]) },
    });
  });
});

describe("closing", () => {
  it("accepts nothing new and finishes what is running", async () => {
    const url = await api.app.listen({ port: 0, host: "127.0.0.1" });
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    // In memory a transaction holds the tenant's queue, so the request waits for it.
    const transaction = api.vault.tenant(api.vault.defaultTenantId).transaction(() => {
      entered.resolve();
      return gate.promise;
    });
    await entered.promise;
    const received = new Promise<void>((resolve) => api.app.server.once("request", () => resolve()));
    const running = fetch(`${url}/v1/audit/events`, { headers: { authorization: `Bearer ${ROOT_KEY}` } });
    await received;
    const closed = api.app.close();
    await expect.poll(() => api.app.server.listening).toBe(false);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    gate.resolve();
    const response = await running;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ items: expect.any(Array) });
    await transaction;
    await closed;
  });

  it("answers what is no HTTP as a problem too", async () => {
    const url = await api.app.listen({ port: 0, host: "127.0.0.1" });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.end("NONSENSE\r\n\r\n");
    let answer = "";
    for await (const bytes of socket) answer += String(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({ status: 400, code: "invalid_request" });
  });
});
