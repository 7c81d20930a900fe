import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import { expect } from "vitest";
import type { ErrorCode } from "../../src/codes.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import { createServer } from "../../src/http/create-server.ts";
import { problemSchema } from "../../src/http/problem.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { createTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";
import type { Role } from "../../src/tenants/role.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import type { Stores } from "../../src/vault/stores.ts";
import { assembleVault, type Vault } from "../../src/vault.ts";

/** The administrator key of the platform's tenant. */
export const ROOT_KEY = "root-key-of-the-tests";

export interface Caller {
  readonly key: string;
  readonly tenantId: string;
}

/** The whole HTTP API in this process, answers checked against their schemas, on a clock that tests move. */
export class ApiUnderTest implements AsyncDisposable {
  readonly app: FastifyInstance;
  readonly vault: Vault;
  readonly telemetry: Telemetry;
  readonly clock: ManualClock;
  /** Every line of the log. */
  readonly logLines: string[];
  #names = 0;

  private constructor(parts: Pick<ApiUnderTest, "app" | "vault" | "telemetry" | "clock" | "logLines">) {
    this.app = parts.app;
    this.vault = parts.vault;
    this.telemetry = parts.telemetry;
    this.clock = parts.clock;
    this.logLines = parts.logLines;
  }

  /** On stores of its own in memory, or on those of another engine, which are disposed of with it. */
  static async open(stores: Stores = inMemoryStores(new InMemoryDatabase())): Promise<ApiUnderTest> {
    const clock = new ManualClock();
    const logLines: string[] = [];
    const stream = { write: (line: string) => void logLines.push(line) };
    const telemetry = createTelemetry({ level: "debug", format: "json", stream });
    const config = parseConfig({
      storage: { warm: { relational: { engine: "in-memory" } } },
      apiKey: ROOT_KEY,
      masterKey: "5a".repeat(32),
    });
    const vault = await assembleVault(config, stores, { clock, events: telemetry.events, logger: telemetry.logger });
    const app = await createServer({ vault, telemetry, version: "0.0.0", validateAnswers: true });
    await app.ready();
    return new ApiUnderTest({ app, vault, telemetry, clock, logLines });
  }

  /** Sends a request with a key; without one it is the platform administrator's. */
  send(options: InjectOptions & { readonly key?: string | null }): Promise<LightMyRequestResponse> {
    const { key = ROOT_KEY, headers, ...rest } = options;
    const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
    return this.app.inject({ ...rest, headers: { ...authorization, ...headers } });
  }

  /** A new tenant and its administrator. */
  async newTenant(): Promise<Caller> {
    const slug = `tenant-${++this.#names}`;
    const response = await this.send({ method: "POST", url: "/v1/tenants", payload: { slug, name: slug } });
    expect(response.statusCode).toBe(201);
    const { tenant, key } = response.json<{ tenant: { id: string }; key: string }>();
    return { key, tenantId: tenant.id };
  }

  async newKey(role: Role, by = ROOT_KEY, expiresAt?: string): Promise<{ key: string; id: string }> {
    const payload = { name: role, role, ...(expiresAt !== undefined && { expiresAt }) };
    const response = await this.send({ method: "POST", url: "/v1/api-keys", key: by, payload });
    expect(response.statusCode).toBe(201);
    const { apiKey, key } = response.json<{ apiKey: { id: string }; key: string }>();
    return { key, id: apiKey.id };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
    await this.vault[Symbol.asyncDispose]();
    await this.telemetry[Symbol.asyncDispose]();
  }
}

/** The answer is a documented problem with this status and code. Returns it. */
export function expectProblem(response: LightMyRequestResponse, status: number, code: ErrorCode) {
  expect({ status: response.statusCode, body: response.json<unknown>() }).toMatchObject({
    status,
    body: { status, code },
  });
  expect(response.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
  const problem = problemSchema.parse(response.json());
  expect(problem.requestId).toBe(response.headers["x-request-id"]);
  expect(response.body).not.toMatch(/node:internal|\.ts:\d+:\d+/);
  return problem;
}
