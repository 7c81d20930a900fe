import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ContractContext, Engine } from "./engine.ts";
import { at, newId } from "./profile-records.ts";
import { callsOf, registerAdversaryContract } from "./register-adversary-contract.ts";
import { registerCheckpointContract } from "./register-checkpoint-contract.ts";
import { registerDirectoryContract } from "./register-directory-contract.ts";
import { registerIndexContract } from "./register-index-contract.ts";
import { registerLeaseContract } from "./register-lease-contract.ts";
import { registerLookupContract } from "./register-lookup-contract.ts";
import { registerRangeContract } from "./register-range-contract.ts";
import { freshRegister } from "./register-records.ts";
import { registerReindexContract } from "./register-reindex-contract.ts";
import { registerSecretContract } from "./register-secret-contract.ts";
import { registerUnsealedContract } from "./register-unsealed-contract.ts";

/** What a `RegisterStore` and a `RegisterDirectory` must do. Each call of `open` gives an empty database. */
export function registerStoreContract(name: string, open: () => Promise<Engine>): void {
  describe(`register store on ${name}`, () => {
    const context = {} as ContractContext;

    beforeAll(async () => {
      context.engine = await open();
    });
    afterAll(() => context.engine[Symbol.asyncDispose]());
    beforeEach(async () => {
      context.tenant = await context.engine.newTenant();
      context.other = await context.engine.newTenant();
    });

    describe("the register", () => registerRecordContract(context));
    describe("the lease", () => registerLeaseContract(context));
    describe("unsealed events", () => registerUnsealedContract(context));
    describe("the index", () => registerIndexContract(context));
    describe("an index that is compared", () => registerReindexContract(context));
    describe("lookups", () => registerLookupContract(context));
    describe("checkpoints", () => registerCheckpointContract(context));
    describe("secrets", () => registerSecretContract(context));
    describe("corrupted ranges", () => registerRangeContract(context));
    describe("the directory", () => registerDirectoryContract(context));
    describe("another tenant", () => registerAdversaryContract(context));
  });

  it(`rejects every call once ${name} is closed`, async () => {
    const engine = await open();
    const { registers } = engine.stores;
    const calls = callsOf(engine.stores.forTenant(newId()).register);
    await engine[Symbol.asyncDispose]();
    const outcomes = await Promise.allSettled([
      ...calls.map((call) => call()),
      registers.listPending({ full: 1, limit: 1 }),
      registers.listRegisters({ limit: 1 }),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "closed" } });
    }
  });
}

function registerRecordContract(context: ContractContext): void {
  it("is not there before it was made, and then is as it was made", async () => {
    const { register } = context.tenant;
    expect(await register.get()).toBeUndefined();
    for (const [store, kind] of [
      [register, "own"],
      [context.other.register, "replica"],
    ] as const) {
      const record = freshRegister({ kind, createdAt: at(7) });
      expect(await store.init(record)).toEqual(record);
      expect(await store.get()).toEqual(record);
    }
  });

  it("is the first one for good", async () => {
    const { register } = context.tenant;
    const first = freshRegister();
    await register.init(first);
    expect(await register.init(freshRegister({ kind: "replica", createdAt: at(1) }))).toEqual(first);
    expect(await register.get()).toEqual(first);
  });

  it("is one for all who make it at once", async () => {
    const { register } = context.tenant;
    const records = Array.from({ length: 10 }, () => freshRegister());
    const made = await Promise.all(records.map((record) => register.init(record)));
    const kept = await register.get();
    expect(records).toContainEqual(kept);
    expect(made).toEqual(records.map(() => kept));
  });
}
