import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/http/route-list.ts";
import { ROLES, roleAllows } from "../../src/tenants/role.ts";
import { integrationEngines } from "./engines.ts";
import { newFixture, ROUTE_REQUESTS } from "./route-requests.ts";
import { openWorld, type World } from "./world.ts";

/** Who may use which route, as a reader of the documentation would write it down. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "admin steward agent auditor": [
    "listCustomers",
    "getCustomer",
    "getField",
    "getFieldHistory",
    "listMissingFields",
    "listAssets",
    "getAsset",
    "getLineage",
    "listDependents",
    "listIdentities",
    "listConsents",
    "listDefinitions",
    "getDefinition",
    "validateValue",
    "getAgentSettings",
    "listRequirements",
    "listWallets",
    "getWallet",
    "listWalletGrants",
  ],
  "admin steward agent": [
    "getOrCreateCustomer",
    "updateCustomer",
    "writeFields",
    "verifyField",
    "confirmField",
    "addAsset",
    "getAssetContent",
    "linkIdentity",
    "recordConsent",
    "openSession",
    "listSessions",
    "getSession",
    "updateSession",
    "deleteSession",
    "createWallet",
    "updateWallet",
    "deleteWallet",
    "rotateWalletKey",
    "signMessage",
    "grantWallet",
    "revokeWalletGrant",
  ],
  "admin steward auditor": [
    "listAuditEvents",
    "getAuditEvent",
    "getRegister",
    "listDockets",
    "getDocket",
    "listTransactions",
    "getTransaction",
    "getTransactionProof",
    "getEventReceipt",
    "proveConsistency",
    "listCheckpoints",
    "getReplicationHead",
    "getReplicationDockets",
  ],
  "admin steward": [
    "deleteCustomer",
    "deleteField",
    "deleteAsset",
    "mergeCustomers",
    "undoMerge",
    "putDefinition",
    "deleteDefinition",
    "putAgentSettings",
    "putRequirements",
    "deleteRequirements",
    "expireStale",
    "detectOrphans",
    "invalidateCache",
  ],
  admin: ["verifyRegister", "recoverRegister", "createApiKey", "listApiKeys", "getApiKey", "revokeApiKey"],
  // Administrators of the platform's own tenant only.
  "": ["createTenant", "listTenants", "getTenant", "updateTenant"],
};

const PLATFORM = ALLOWED[""] ?? [];
const namesOf = (role: string) =>
  Object.entries(ALLOWED)
    .filter(([roles]) => roles.split(" ").includes(role))
    .flatMap(([, names]) => names);

describe("the table of roles", () => {
  it("names every route once, as the routes declare it", () => {
    expect(Object.values(ALLOWED).flat().sort()).toEqual(ROUTES.map(({ name }) => name).sort());
    for (const role of ROLES) {
      const declared = ROUTES.filter(
        ({ name, permission }) => roleAllows(role, permission) && !PLATFORM.includes(name),
      );
      expect(declared.map(({ name }) => name).sort()).toEqual(namesOf(role).sort());
    }
  });

  it("has a request for every route", () => {
    expect(Object.keys(ROUTE_REQUESTS)).toEqual(ROUTES.map(({ name }) => name));
  });
});

describe.each(integrationEngines())("roles on $name", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld(engine);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(ROLES)("%s does what the table says, and nothing else", async (role) => {
    const fixture = await newFixture(world.a, role);
    const allowed = namesOf(role);
    for (const { name } of ROUTES) {
      const request = ROUTE_REQUESTS[name]?.(fixture);
      if (!request) expect.fail(`${name} has no request`);
      const before = allowed.includes(name) ? undefined : await world.dump(world.a.tenantId);
      const reply = await world.a[role].send(request.method, request.url, request);
      if (before === undefined) expect(`${name} ${reply.status} ${reply.text}`).toMatch(/^\w+ 20[014] /);
      else {
        expect(`${name} ${reply.status}`).toBe(`${name} 403`);
        reply.expectProblem(403, "forbidden");
        expect(await world.dump(world.a.tenantId)).toBe(before);
      }
    }
  });

  it("administrators of the platform's own tenant manage tenants, and other roles there do not", async () => {
    const fixture = await newFixture(world.a);
    const made = await world.platform.post<{ key: string }>("/v1/api-keys", { name: "s", role: "steward" });
    const steward = world.callerWith(made.expect(201).key);
    for (const name of PLATFORM) {
      const request = ROUTE_REQUESTS[name]?.(fixture);
      if (!request) expect.fail(`${name} has no request`);
      (await steward.send(request.method, request.url, request)).expectProblem(403, "forbidden");
      const reply = await world.platform.send(request.method, request.url, request);
      expect(`${name} ${reply.status}`).toMatch(/ 20[01]$/);
    }
  });

  it("nobody does nothing, by any method that a route answers to", async () => {
    const fixture = await newFixture(world.a);
    const before = await world.dump(world.a.tenantId);
    for (const describeRequest of Object.values(ROUTE_REQUESTS)) {
      const request = describeRequest(fixture);
      (await world.nobody.send(request.method, request.url, request)).expectProblem(401, "unauthenticated");
      if (request.method !== "GET") continue;
      const head = await world.server.inject({ method: "HEAD", url: request.url });
      expect(head.statusCode).toBe(401);
      expect(head.rawPayload).toHaveLength(0);
    }
    expect(await world.dump(world.a.tenantId)).toBe(before);
  });
});
