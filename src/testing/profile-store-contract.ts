import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { customerListContract } from "./customer-list-contract.ts";
import type { ContractContext, Engine } from "./engine.ts";
import { profileCustomersContract } from "./profile-customers-contract.ts";
import { profileLookupContract } from "./profile-lookup-contract.ts";

/** What a `ProfileStore` must do, and the use cases of profiles on top of it. */
export function profileStoreContract(engine: string, open: () => Promise<Engine>): void {
  describe(`profile store on ${engine}`, () => {
    const context = {} as ContractContext;

    beforeAll(async () => {
      context.engine = await open();
    });
    afterAll(async () => {
      await context.engine[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      context.tenant = await context.engine.newTenant();
      context.other = await context.engine.newTenant();
    });

    describe("findProfile", () => profileLookupContract(context));
    describe("listCustomers", () => customerListContract(context));
    describe("customers", () => profileCustomersContract(context));
  });
}
