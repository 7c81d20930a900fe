import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { ConfigInput } from "../../src/config/config-schema.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import { invariant } from "../../src/errors.ts";
import { createServer } from "../../src/http/create-server.ts";
import type { TenantId } from "../../src/identifiers.ts";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { ROLES, type Role } from "../../src/tenants/role.ts";
import { FaultInjector, withFaults } from "../../src/testing/fault-injection.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import type { Stores } from "../../src/vault/stores.ts";
import { assembleVault, type Vault } from "../../src/vault.ts";
import { Caller } from "./caller.ts";
import type { IntegrationEngine } from "./engines.ts";

/** One tenant with a caller per role. */
export type TenantCallers = Readonly<Record<Role, Caller>> & {
  readonly tenantId: TenantId;
  /** Seals what is in the tenant's journal: here nothing is sealed by itself. */
  readonly seal: () => Promise<void>;
};

/** A vault on one engine with its HTTP API, a clock of its own and two tenants that know nothing of each other. */
export interface World extends AsyncDisposable {
  readonly engine: IntegrationEngine["name"];
  readonly clock: ManualClock;
  readonly vault: Vault;
  readonly server: FastifyInstance;
  /** An administrator of the platform's own tenant. */
  readonly platform: Caller;
  readonly nobody: Caller;
  readonly a: TenantCallers;
  readonly b: TenantCallers;
  readonly dataDirectory: string;
  /** One more tenant. */
  newTenant(): Promise<TenantCallers>;
  /** A caller with a key given as text. */
  callerWith(key: string): Caller;
  /** Makes calls to the tier of registers fail or wait. */
  readonly coldFaults: FaultInjector;
  /** Flips a bit of the docket behind the vault's back: of the last byte, which is part of a transaction. */
  damageDocket(tenantId: TenantId, height: bigint): Promise<void>;
  /** The stores themselves, behind the vault's back. */
  readonly stores: Stores;
  /** Every row of the tenant; equal texts say that nothing was written. */
  dump(tenantId: TenantId): Promise<string>;
  /** The files of the blob store, which the in-memory engine does not have. */
  blobFiles(): Promise<readonly string[]>;
  /** What was logged so far, one event each. */
  readonly log: readonly LogLine[];
  metrics(): Promise<string>;
}

export interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly [member: string]: unknown;
}

/** Worlds of one process may follow each other on one database, so their ids differ. */
let worlds = 0;

const PLATFORM_KEY = "platform-administrator-of-the-tests";

export async function openWorld(engine: IntegrationEngine, settings: ConfigInput = {}): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const dataDirectory = await mkdtemp(join(tmpdir(), "strongroom-integration-"));
  opening.defer(() => rm(dataDirectory, { recursive: true, force: true }));
  const clock = new ManualClock();
  const log: LogLine[] = [];
  const stream = { write: (line: string) => void log.push(JSON.parse(line) as LogLine) };
  const telemetry = opening.use(createTelemetry({ level: "debug", format: "json", stream }));
  const opened = await engine.open({ poolMax: settings.storage?.warm?.relational?.postgres?.poolMax });
  const config = parseConfig({ dataDirectory, apiKey: PLATFORM_KEY, ...settings });
  const ids = seededIds(++worlds, () => Date.parse(clock.now()));
  const cache = engine.isCached
    ? opening.use(new InMemoryCacheStore({ nowMs: () => Date.parse(clock.now()) }))
    : undefined;
  const { stores } = opened;
  const coldFaults = new FaultInjector();
  const cold = withFaults(opened.cold, coldFaults);
  const vault = opening.use(await assembleVault(config, stores, { clock, ids, cache, cold, ...telemetry }));
  const server = await createServer({ vault, telemetry, version: "0.0.0", validateAnswers: true });
  opening.defer(() => server.close());
  const platform = new Caller(server, PLATFORM_KEY);
  const newTenant = async () => {
    const callers = await makeTenant(server, platform);
    return { ...callers, seal: () => sealAll(vault, callers.tenantId) };
  };
  const tenants = { a: await newTenant(), b: await newTenant() };
  const closing = opening.move();
  return {
    engine: engine.name,
    clock,
    vault,
    server,
    platform,
    dataDirectory,
    log,
    newTenant,
    coldFaults,
    stores,
    damageDocket: async (tenantId, height) => {
      const { record } = await vault.tenant(tenantId).register.status();
      invariant(opened.tamper, "the engine lets its records be changed");
      await opened.tamper({ tenantId, kind: DOCKETS.name, log: record.registerId }, (rows) =>
        rows.map((row) => (row.sequence === height ? { ...row, bytes: flipped(row.bytes) } : row)),
      );
    },
    dump: (tenantId) => opened.dump(tenantId),
    ...tenants,
    nobody: new Caller(server, undefined),
    callerWith: (key) => new Caller(server, key),
    blobFiles: () => filesBelow(join(dataDirectory, "blobs")),
    metrics: () => telemetry.renderMetrics(),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** The journal tells of what the first sealing makes, so that it takes two. */
async function sealAll(vault: Vault, tenantId: TenantId): Promise<void> {
  const { register } = vault.tenant(tenantId);
  for (let runs = 0; runs < 2; runs++) {
    const outcome = await register.sealJournal();
    invariant(outcome === "done", `the journal is ${outcome}`);
  }
}

async function makeTenant(server: FastifyInstance, platform: Caller): Promise<Omit<TenantCallers, "seal">> {
  const slug = `tenant-${randomUUID()}`;
  const made = await platform.post<{ tenant: { id: TenantId }; key: string }>("/v1/tenants", { slug, name: slug });
  const { tenant, key } = made.expect(201);
  const admin = new Caller(server, key);
  const callers = { admin } as Record<Role, Caller>;
  for (const role of ROLES.filter((each) => each !== "admin")) {
    const reply = await admin.post<{ key: string }>("/v1/api-keys", { name: role, role });
    callers[role] = new Caller(server, reply.expect(201).key);
  }
  return { ...callers, tenantId: tenant.id };
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1);
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
