import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { ErrorCode } from "../../src/codes.ts";
import { commonErrors } from "../../src/http/answer-documentation.ts";
import { problemSchema } from "../../src/http/problem.ts";
import type { Route } from "../../src/http/route.ts";
import { ROUTES } from "../../src/http/route-list.ts";
import type { JsonObject } from "../../src/json.ts";
import { encodeCursor } from "../../src/storage/page.ts";
import { BAD_IDS, BAD_PARAMETERS, badQueries, forgedCursors } from "./bad-values.ts";
import { brokenBodies, MARKER, retypedBodies } from "./broken-bodies.ts";
import type { Caller, CallOptions, Reply } from "./caller.ts";
import { integrationEngines } from "./engines.ts";
import { newFixture, ROUTE_REQUESTS, type RouteFixture, type RouteRequest } from "./route-requests.ts";
import { newCustomer } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

interface Expected {
  readonly route: Route;
  readonly what: string;
  readonly status: number;
  readonly code: ErrorCode;
}

const JSON_TYPE = { "content-type": "application/json" };

describe.each(integrationEngines())("bad input on $name", (engine) => {
  let world: World;
  let fixture: RouteFixture;

  beforeAll(async () => {
    world = await openWorld(engine);
    fixture = await newFixture(world.a);
    // Pages of one item have a next one.
    await newCustomer(world.a);
    (
      await world.a.admin.post(`/v1/customers/${fixture.customerId}/fields/city/verify`, { method: "a", by: "b" })
    ).expect(200);
    await world.a.seal();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const requestOf = (route: Route): RouteRequest => {
    const request = ROUTE_REQUESTS[route.name]?.(fixture);
    if (!request) expect.fail(`${route.name} has no request`);
    return request;
  };
  /** Who may call the route. */
  const callerOf = ({ permission }: Route): Caller =>
    permission.startsWith("tenant:") ? world.platform : world.a.admin;

  /** A documented problem that tells nothing of the inside or of what was sent. */
  function expectRefusal(reply: Reply<never>, expected: Expected): void {
    const { what, status, code, route } = expected;
    expect(`${what}: ${reply.status} ${reply.text}`).toContain(`${what}: ${status} {`);
    expect(reply.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    const problem = problemSchema.parse(reply.json);
    expect(`${what}: ${problem.code}`).toBe(`${what}: ${code}`);
    expect([...commonErrors(route), ...(route.errors ?? [])], `what ${route.name} documents`).toContain(code);
    expect(problem.requestId).toBe(reply.headers["x-request-id"]);
    expect(reply.text).not.toMatch(/\n\s+at |node_modules|[.]ts:\d|Sekret/);
  }

  /** Runs bad requests and expects that none of them wrote or logged anything of what it brought. */
  async function expectNothingWritten(requests: () => Promise<number>): Promise<void> {
    const before = [await world.dump(world.a.tenantId), await world.dump(world.vault.defaultTenantId)];
    const files = await world.blobFiles();
    const logged = world.log.length;
    expect(await requests()).toBeGreaterThan(0);
    expect([await world.dump(world.a.tenantId), await world.dump(world.vault.defaultTenantId)]).toEqual(before);
    expect(await world.blobFiles()).toEqual(files);
    expect(JSON.stringify(world.log.slice(logged))).not.toContain("Sekret");
  }

  const withBody = ROUTES.filter(({ body }) => body !== undefined);
  const nameOf = ({ name }: Route) => name;
  const pick = (name: string) => ROUTES.find((route) => route.name === name) as Route;

  describe.each(withBody.map(nameOf))("%s refuses", (name) => {
    const route = pick(name);

    it("bodies with one thing wrong", async () => {
      const { method, url, body = {} } = requestOf(route);
      await expectNothingWritten(async () => {
        let count = 0;
        for (const { raw, ...expected } of brokenBodies(body as JsonObject)) {
          const reply = await callerOf(route).send(method, url, { payload: raw, headers: JSON_TYPE });
          expectRefusal(reply, { ...expected, route });
          count++;
        }
        return count;
      });
    });

    it("bodies with members of another type", async () => {
      const { method, url, body = {} } = requestOf(route);
      if (Object.keys(body).length === 0) return;
      await expectNothingWritten(async () => {
        let count = 0;
        for (const retyped of retypedBodies(body as JsonObject)) {
          // Whatever the schema lets through is judged elsewhere.
          if (route.body?.safeParse(retyped.body).success) continue;
          const reply = await callerOf(route).send(method, url, { body: retyped.body });
          expectRefusal(reply, { what: retyped.what, status: 400, code: "invalid_request", route });
          count++;
        }
        return count;
      });
    });

    it("what is no JSON object of a bearable size", async () => {
      const { method, url, body } = requestOf(route);
      const caller = callerOf(route);
      const valid = JSON.stringify(body);
      const noObjects = ["[]", "null", "true", "1", `"${MARKER}"`, `[${valid}]`];
      const noJson = ["{", valid.slice(0, -1), `${valid}}`, "undefined", "'x'", "[[[[".repeat(20_000), "\ufeff{"];
      const cases: [string, CallOptions, number, ErrorCode][] = [
        ["no body", { headers: JSON_TYPE }, 400, "invalid_request"],
        ["5 MiB", { payload: `"${"x".repeat(5 << 20)}"`, headers: JSON_TYPE }, 413, "payload_too_large"],
        ["text", { payload: valid, headers: { "content-type": "text/plain" } }, 415, "unsupported_media_type"],
        ["a form", { payload: "a=b", headers: FORM }, 415, "unsupported_media_type"],
        ["XML", { payload: "<a/>", headers: { "content-type": "application/xml" } }, 415, "unsupported_media_type"],
        ["no type", { payload: valid, headers: { "content-type": "" } }, 415, "unsupported_media_type"],
      ];
      for (const payload of [...noJson, ...noObjects]) {
        cases.push([payload.slice(0, 20), { payload, headers: JSON_TYPE }, 400, "invalid_request"]);
      }
      await expectNothingWritten(async () => {
        for (const [what, options, status, code] of cases) {
          expectRefusal(await caller.send(method, url, options), { what, status, code, route });
        }
        return cases.length;
      });
    });
  });

  const withPath = ROUTES.filter(({ params }) => params !== undefined);

  it.each(withPath.map(nameOf))("%s refuses bad ids and names in its path", async (name) => {
    const route = pick(name);
    const request = requestOf(route);
    await expectNothingWritten(async () => {
      const names = route.path.matchAll(/:(\w+)/g);
      let count = 0;
      for (const [, parameter = ""] of names) {
        for (const bad of BAD_PARAMETERS[parameter] ?? BAD_IDS) {
          const url = withParameter(route, request.url, { parameter, value: encodeURIComponent(bad) });
          const reply = await callerOf(route).send(request.method, url, request);
          expectRefusal(reply, { what: url, status: 400, code: "invalid_request", route });
          count++;
        }
      }
      return count;
    });
  });

  const withQuery = ROUTES.filter(({ query }) => query !== undefined);

  it.each(withQuery.map(nameOf))("%s refuses bad members of its query", async (name) => {
    const route = pick(name);
    const request = requestOf(route);
    const [path, text = ""] = request.url.split("?");
    const cases = badQueries(membersOf(route.query));
    await expectNothingWritten(async () => {
      for (const [member, value] of cases) {
        const query = new URLSearchParams(text);
        query.set(member, value);
        const reply = await callerOf(route).send(request.method, `${path}?${query.toString()}`, request);
        expectRefusal(reply, { what: `${member}=${value.slice(0, 20)}`, status: 400, code: "invalid_request", route });
      }
      return cases.length;
    });
  });

  const paged = withQuery.filter(({ query }) => membersOf(query).includes("cursor"));

  it.each(paged.map(nameOf))("%s refuses cursors that it did not issue", async (name) => {
    const route = pick(name);
    const request = requestOf(route);
    const caller = callerOf(route);
    const page = (await caller.get<{ nextCursor: string | null }>(firstPageOf(request.url))).expect(200);
    const cursors = ["x", "e30", "W10", "\u{1f5dd}", encodeCursor("elsewhere", ["1", "2"]), MARKER];
    if (page.nextCursor === null) expect.fail("the list has one page");
    cursors.push(...forgedCursors(page.nextCursor, name === "listTenants"));
    await expectNothingWritten(async () => {
      for (const cursor of cursors) {
        const url = `${firstPageOf(request.url)}&cursor=${encodeURIComponent(cursor)}`;
        expectRefusal(await caller.get(url), { what: cursor, status: 400, code: "invalid_cursor", route });
      }
      return cursors.length;
    });
  });

  const conditional = ROUTES.filter(({ takesIfMatch }) => takesIfMatch);

  it.each(conditional.map(nameOf))("%s refuses a malformed and a stale If-Match", async (name) => {
    const route = pick(name);
    const request = requestOf(route);
    const send = (ifMatch: string) =>
      callerOf(route).send(request.method, request.url, { ...request, headers: { "if-match": ifMatch } });
    const malformed = [
      "7",
      '"x"',
      'W/"1"',
      '""',
      "",
      '"1',
      '"1" "2"',
      '"1",',
      '"-1"',
      '"1.5"',
      '"99999999999999999"',
      MARKER,
    ];
    await expectNothingWritten(async () => {
      for (const value of malformed) {
        expectRefusal(await send(value), { what: value, status: 400, code: "invalid_request", route });
      }
      for (const value of ['"0"', '"999"', '"0", "998"']) {
        expectRefusal(await send(value), { what: value, status: 412, code: "version_mismatch", route });
      }
      return malformed.length;
    });
  });

  const writes = ROUTES.filter(({ method }) => method !== "GET");

  it.each(writes.map(nameOf))("%s refuses a malformed idempotency key", async (name) => {
    const route = pick(name);
    const request = requestOf(route);
    await expectNothingWritten(async () => {
      for (const key of ["", " ", "a b", "x".repeat(256), "clé"]) {
        const headers = { "idempotency-key": key };
        const reply = await callerOf(route).send(request.method, request.url, { ...request, headers });
        expectRefusal(reply, { what: key, status: 400, code: "invalid_request", route });
      }
      return 1;
    });
  });

  it("refuses missing, malformed, unknown, revoked and expired keys, whatever the route", async () => {
    const made = async (body: object) => {
      const reply = await world.a.admin.post<{ key: string; apiKey: { id: string } }>("/v1/api-keys", body);
      return reply.expect(201);
    };
    const revoked = await made({ name: "revoked", role: "admin" });
    (await world.a.admin.delete(`/v1/api-keys/${revoked.apiKey.id}`)).expect(204);
    const expiresAt = new Date(Date.parse(world.clock.now()) + 1_000).toISOString();
    const expired = await made({ name: "expired", role: "admin", expiresAt });
    (await world.callerWith(expired.key).get("/v1/customers")).expect(200);
    world.clock.advance(1_000);
    const headers: Record<string, string>[] = [
      {},
      { authorization: "" },
      { authorization: "Bearer" },
      { authorization: `Basic ${world.a.admin.key}` },
      { authorization: `Bearer ${world.a.admin.key}x` },
      { authorization: `Bearer ${MARKER}` },
      { authorization: `Bearer ${revoked.key}` },
      { authorization: `Bearer ${expired.key}` },
      { authorization: `Bearer ${"x".repeat(5_000)}` },
    ];
    await expectNothingWritten(async () => {
      for (const route of ROUTES) {
        const request = requestOf(route);
        for (const [index, credentials] of headers.entries()) {
          const reply = await world.nobody.send(request.method, request.url, { ...request, headers: credentials });
          expectRefusal(reply, { what: `${route.name} ${index}`, status: 401, code: "unauthenticated", route });
          expect(reply.headers["www-authenticate"]).toMatch(/^Bearer/);
        }
      }
      return headers.length;
    });
  });
});

const FORM = { "content-type": "application/x-www-form-urlencoded" };
function withParameter(route: Route, url: string, change: { parameter: string; value: string }): string {
  const [path = "", query] = url.split("?");
  const template = route.path.split("/");
  const parts = path
    .split("/")
    .map((part, index) => (template[index] === `:${change.parameter}` ? change.value : part));
  return parts.join("/") + (query === undefined ? "" : `?${query}`);
}

function membersOf(query: z.ZodType | undefined): string[] {
  return query instanceof z.ZodObject ? Object.keys(query.shape) : [];
}

/** The first page of one item, without the filters that the list can do without. */
function firstPageOf(url: string): string {
  const [path = "", query] = url.split("?");
  const customerId = path === "/v1/sessions" && new URLSearchParams(query).get("customerId");
  return `${path}?limit=1${customerId ? `&customerId=${customerId}` : ""}`;
}
