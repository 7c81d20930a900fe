import { createPrivateKey, randomBytes, randomUUID, sign } from "node:crypto";
import type { AuditEventInsert } from "../../src/audit/audit-event.ts";
import { systemClock } from "../../src/clock.ts";
import { invariant } from "../../src/errors.ts";
import type { AuditEventId, CustomerId, TenantId } from "../../src/identifiers.ts";
import type { WormDescriptor } from "../../src/storage/worm-store.ts";
import { SYSTEM_ACTOR } from "../../src/tenants/actor.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";
import { onRegisterGround, type RegisterGround, vaultOn } from "../register-ground.ts";
import { atLeast, type Effort, FULL_EFFORT, type Line, type Section } from "../section.ts";

const TRANSACTIONS = 100;
const CUSTOMERS = 500;
const ROUNDS = 3;
const ED25519_SEED = Buffer.from("302e020100300506032b657004220420", "hex");
/** What a transaction of an event has in bytes, about. */
const RECORD_BYTES = 760;

const BLOBS: WormDescriptor<Uint8Array> = {
  name: "blob",
  encode: (bytes) => bytes,
  decode: (bytes) => bytes,
  indexed: () => ({}),
};

/** Seals journals, and by hand signs as many messages and appends as many bytes. */
export async function registerThroughput(effort: Effort): Promise<Section[]> {
  const events = effort.laps >= FULL_EFFORT.laps ? 20_000 : 4_000;
  return [await onRegisterGround((ground) => measure(ground, events))];
}

async function measure(ground: RegisterGround, events: number): Promise<Section> {
  const own: number[] = [];
  const byHand: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    byHand.push(await signAndAppend(ground, events));
    own.push(await seal(ground, events));
  }
  const ratios = own.map((ms, round) => ms / (byHand[round] ?? ms)).toSorted((a, b) => a - b);
  const [low = 1, ratio = 1, high = 1] = ratios;
  const lineOf = (
    name: string,
    times: readonly number[],
    compared: Pick<Line, "ratio" | "ratioQuartiles" | "goals">,
  ) => {
    const p50Ms = times.toSorted((a, b) => a - b)[1] ?? 0;
    return {
      name,
      calls: times.length,
      p50Ms,
      p99Ms: Math.max(...times),
      opsPerSecond: (events * 1_000) / p50Ms,
      ...compared,
    };
  };
  return {
    operation: `seal ${events} events`,
    engine: ground.engine,
    inFlight: 1,
    lines: [
      lineOf("by hand: sign and append", byHand, { ratio: 1, ratioQuartiles: [1, 1], goals: [] }),
      lineOf("seal", own, { ratio, ratioQuartiles: [low, high], goals: [atLeast("throughput", 1 / ratio, 0.25)] }),
    ],
    notes: [
      `Dockets of ${TRANSACTIONS}; per second are events. By hand reads no journal, hashes nothing and keeps no index.`,
    ],
  };
}

async function seal(ground: RegisterGround, count: number): Promise<number> {
  await using vault = await vaultOn(ground, randomUUID(), { register: { sealMaxTransactions: TRANSACTIONS } });
  const { tenant } = await vault.tenants().create({ slug: `bench-${randomUUID()}`, name: "Benchmark" });
  await writeJournal(ground, tenant.id, count);
  const { register } = vault.tenant(tenant.id);
  const began = performance.now();
  const outcome = await register.sealJournal();
  const elapsedMs = performance.now() - began;
  invariant(outcome === "done", "the journal is sealed");
  return elapsedMs;
}

async function writeJournal({ database }: RegisterGround, tenantId: TenantId, count: number): Promise<void> {
  const { audit } = postgresStores(database).forTenant(tenantId);
  const customers = Array.from({ length: CUSTOMERS }, () => randomUUID() as string as CustomerId);
  for (let written = 0; written < count; written += 1_000) {
    await audit.append(
      Array.from({ length: Math.min(1_000, count - written) }, (_, at): AuditEventInsert => {
        const item = randomUUID();
        return {
          id: randomUUID() as string as AuditEventId,
          eventType: "field_written",
          customerId: customers[at % CUSTOMERS] ?? null,
          subjectId: item,
          actor: SYSTEM_ACTOR,
          requestId: null,
          eventData: { name: "address", valueType: "string", source: "user_provided", sources: [], supersedes: [] },
          timestamp: systemClock.now(),
        };
      }),
    );
  }
}

async function signAndAppend({ cold }: RegisterGround, count: number): Promise<number> {
  const log = cold.log(BLOBS, randomUUID() as string as TenantId, "blobs");
  const seed = Buffer.concat([ED25519_SEED, randomBytes(32)]);
  const key = createPrivateKey({ key: seed, format: "der", type: "pkcs8" });
  const message = randomBytes(49);
  const began = performance.now();
  for (let height = 0; height < count / TRANSACTIONS; height++) {
    for (let at = 0; at <= TRANSACTIONS; at++) sign(null, message, key);
    const options = { expectedSequence: BigInt(height), sealedAt: systemClock.now() };
    await log.append(randomBytes(TRANSACTIONS * RECORD_BYTES), options);
  }
  return performance.now() - began;
}
