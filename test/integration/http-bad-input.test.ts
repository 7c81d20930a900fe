import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiUnderTest, expectProblem } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeAll(async () => {
  api = await ApiUnderTest.open();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

/** What the tenant has; unchanged by everything here. */
async function keysAndEvents(): Promise<string> {
  const keys = await api.send({ url: "/v1/api-keys?limit=100" });
  const events = await api.send({ url: "/v1/audit/events?limit=100" });
  return keys.body + events.body;
}

async function refused(options: InjectOptions & { key?: string | null }) {
  const before = await keysAndEvents();
  const response = await api.send(options);
  expect(await keysAndEvents()).toBe(before);
  return response;
}

const json = (payload: string | Buffer): InjectOptions => ({
  method: "POST",
  url: "/v1/api-keys",
  headers: { "content-type": "application/json" },
  payload,
});

describe("a body", () => {
  it.each(["{", '{"name":', "{'name': 1}", "nul", "NaN", '{"name":"x",}', "\u0000", "[[[[", '{"a":01}', "\uFEFF{}"])(
    "of malformed JSON %j is refused without being quoted",
    async (payload) => {
      const problem = expectProblem(await refused(json(payload)), 400, "invalid_request");
      expect(problem.detail).toBe("The body is not valid JSON.");
      expect(problem.hint).toBeUndefined();
    },
  );

  it("that is not UTF-8 is refused", async () => {
    const payload = Buffer.from('{"name":"\xff\xfe","role":"agent"}', "latin1");
    expectProblem(await refused(json(payload)), 400, "invalid_request");
  });

  it.each([
    ['{"name":"x","role":"agent","__proto__":{"role":"admin"}}', "reserved key"],
    ['{"name":"x","role":"agent","a":{"__proto__":1}}', "reserved key"],
    ['{"name":"a\\u0000b","role":"agent"}', "NUL"],
    ['{"name":"\\ud83d","role":"agent"}', "surrogate"],
    ['{"name":"x","role":"agent","\\udc00":1}', "surrogate"],
    ['{"name":"x","role":"agent","n":1e999}', "finite"],
    [`${"[".repeat(100)}${"]".repeat(100)}`, "levels"],
    [`${"[".repeat(400_000)}${"]".repeat(400_000)}`, "levels"],
  ])("that could not be kept is refused: %s", async (payload, reason) => {
    const problem = expectProblem(await refused(json(payload)), 400, "invalid_value");
    expect(problem.detail).toContain(reason);
  });

  it.each([
    ["null", [{ path: "", code: "invalid_type" }]],
    ["[]", [{ path: "", code: "invalid_type" }]],
    ['"text"', [{ path: "", code: "invalid_type" }]],
    [
      "{}",
      [
        { path: "/name", code: "invalid_type" },
        { path: "/role", code: "invalid_value" },
      ],
    ],
    ['{"name":7,"role":"agent"}', [{ path: "/name", code: "invalid_type" }]],
    ['{"name":"","role":"agent"}', [{ path: "/name", code: "too_small" }]],
    ['{"name":"x","role":"root"}', [{ path: "/role", code: "invalid_value" }]],
    ['{"name":"x","role":"agent","isAdmin":true}', [{ path: "/isAdmin", code: "unrecognized_keys" }]],
    ['{"name":"x","role":"agent","a/b~c":true}', [{ path: "/a~1b~0c", code: "unrecognized_keys" }]],
    ['{"name":"x","role":"agent","constructor":{}}', [{ path: "/constructor", code: "unrecognized_keys" }]],
    ['{"name":"x","role":"agent","expiresAt":"2026-02-30T00:00:00Z"}', [{ path: "/expiresAt", code: "custom" }]],
    ['{"name":"x","role":"agent","expiresAt":"2020-01-01T00:00:00Z"}', [{ path: "/expiresAt", code: "invalid_value" }]],
  ])("of another shape is refused with the places: %s", async (payload, errors) => {
    const problem = expectProblem(await refused(json(payload)), 400, "invalid_request");
    expect(problem.errors?.map(({ path, code }) => ({ path, code }))).toEqual(errors);
  });

  it("is not quoted in the problems it has", async () => {
    const secret = "ana@example.com";
    const response = await refused(json(JSON.stringify({ name: { secret }, role: secret, expiresAt: secret })));
    expect(expectProblem(response, 400, "invalid_request").errors).toHaveLength(3);
    expect(response.body).not.toContain(secret);
  });

  it("with very many mistakes lists a bounded number of them", async () => {
    const payload = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, 1]));
    const problem = expectProblem(await refused(json(JSON.stringify(payload))), 400, "invalid_request");
    expect(problem.errors).toHaveLength(100);
  });

  it("of 5 MiB is refused", async () => {
    const payload = JSON.stringify({ name: "x".repeat(5 * 1024 * 1024), role: "agent" });
    expectProblem(await refused(json(payload)), 413, "payload_too_large");
  });

  it.each(["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense", "application/jsonp"])(
    "of type %s is refused",
    async (type) => {
      const options = { ...json('{"name":"x","role":"agent"}'), headers: { "content-type": type } };
      expectProblem(await refused(options), 415, "unsupported_media_type");
    },
  );

  it("that is missing is refused", async () => {
    expectProblem(await refused({ method: "POST", url: "/v1/api-keys" }), 400, "invalid_request");
    expectProblem(await refused(json("")), 400, "invalid_request");
  });

  it("may say its character set", async () => {
    const headers = { "content-type": "application/json; charset=utf-8" };
    const response = await api.send({ ...json('{"name":"Zoë 🗝","role":"agent"}'), headers });
    expect(response.statusCode).toBe(201);
    expect(response.json()).toMatchObject({ apiKey: { name: "Zoë 🗝" } });
  });
});

describe("a path", () => {
  it.each(["/", "/v1", "/v1/nothing", "/v1/api-keys/x/y", "/V1/api-keys", "/v1//api-keys", "/.env"])(
    "%s that is none is not found, with or without a key",
    async (url) => {
      expectProblem(await refused({ url }), 404, "route_not_found");
      expectProblem(await refused({ url, key: null }), 404, "route_not_found");
    },
  );

  it.each([
    ["PUT", "/v1/api-keys"],
    ["DELETE", "/v1/api-keys"],
    ["POST", "/v1/audit/events"],
    ["DELETE", "/v1/tenants"],
    ["POST", "/health"],
  ] as const)("does not exist with the wrong method: %s %s", async (method, url) => {
    const headers = { "content-type": "application/xml" };
    expectProblem(await refused({ method, url, headers, payload: "<x/>" }), 404, "route_not_found");
  });

  it.each(["/v1/%zz", "/v1/api-keys/%", "/v1/api-keys/%E0%A4%A"])(
    "that cannot be decoded is refused: %s",
    async (url) => {
      expectProblem(await refused({ url }), 400, "invalid_request");
    },
  );

  it.each(["abc", "01a1fd19-d6f0-7000-abde-c75bc5c322f", "01a1fd19d6f07000abdec75bc5c322fe", "%00", "..%2f", "{}"])(
    "with the id %s that is no UUID is refused",
    async (id) => {
      for (const method of ["GET", "DELETE"] as const) {
        const problem = expectProblem(await refused({ method, url: `/v1/api-keys/${id}` }), 400, "invalid_request");
        expect(problem.errors).toMatchObject([{ path: "/apiKeyId", in: "path" }]);
      }
    },
  );

  it("takes a UUID in upper case", async () => {
    const { id } = await api.newKey("agent");
    const response = await api.send({ url: `/v1/api-keys/${id.toUpperCase()}` });
    expect(response.json()).toMatchObject({ id });
  });

  it("that is very long is refused", async () => {
    expectProblem(await refused({ url: `/v1/api-keys/${"x".repeat(1_000)}` }), 400, "invalid_request");
    expectProblem(await refused({ url: `/v1/api-keys/${"x".repeat(5_000)}` }), 400, "invalid_request");
  });
});

describe("a query", () => {
  it.each(["0", "-1", "101", "1.5", "abc", "", "1e9", "NaN", "1&limit=2"])(
    "with limit=%s is refused",
    async (limit) => {
      for (const path of ["/v1/api-keys", "/v1/audit/events", "/v1/tenants"]) {
        const problem = expectProblem(await refused({ url: `${path}?limit=${limit}` }), 400, "invalid_request");
        expect(problem.errors).toMatchObject([{ path: "/limit", in: "query" }]);
      }
    },
  );

  it.each(["x", "e30", "%00", "WyJhcGkta2V5cyIsIngiXQ", "%F0%9F%97%9D", "a".repeat(2_049)])(
    "with the foreign cursor %s is refused",
    async (cursor) => {
      for (const path of ["/v1/api-keys", "/v1/audit/events", "/v1/tenants"]) {
        const response = await refused({ url: `${path}?cursor=${cursor}` });
        expect(response.statusCode).toBe(400);
        expect(["invalid_cursor", "invalid_request"]).toContain(response.json<{ code: string }>().code);
      }
    },
  );

  it.each([
    ["unknown=1", "/unknown"],
    ["__proto__=1", "/__proto__"],
    ["customerId=1", "/customerId"],
    ["eventType=nothing", "/eventType"],
    ["from=yesterday", "/from"],
    ["to=2026-13-01T00:00:00Z", "/to"],
    ["customerId=a%00b", "/customerId"],
  ])("with %s is refused at its place", async (query, path) => {
    const problem = expectProblem(await refused({ url: `/v1/audit/events?${query}` }), 400, "invalid_request");
    expect(problem.errors).toMatchObject([{ path, in: "query" }]);
  });
});

describe("a header", () => {
  it.each(["", " ", "x".repeat(256), "a b", "ключ", "tab\tbed"])("Idempotency-Key %j is refused", async (value) => {
    const headers = { "idempotency-key": Buffer.from(value).toString("latin1") };
    const payload = { name: "x", role: "agent" };
    const response = await refused({ method: "POST", url: "/v1/api-keys", headers, payload });
    expect(expectProblem(response, 400, "invalid_request").errors).toMatchObject([
      { path: "/idempotency-key", in: "header" },
    ]);
  });

  it("X-Request-Id is echoed when it is fit, else made", async () => {
    for (const id of ["abc-123", "x".repeat(128), "~!@"]) {
      const response = await api.send({ url: "/v1/api-keys", headers: { "x-request-id": id } });
      expect(response.headers["x-request-id"]).toBe(id);
    }
    for (const id of ["", "a b", "x".repeat(129), "ü"]) {
      const response = await api.send({ url: "/nowhere", headers: { "x-request-id": id } });
      expect(response.headers["x-request-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expectProblem(response, 404, "route_not_found");
    }
  });
});
