import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { arrivalContract } from "./arrival-contract.ts";
import { customerCreationContract } from "./customer-creation-contract.ts";
import { customerListContract } from "./customer-list-contract.ts";
import { customerSearchContract } from "./customer-search-contract.ts";
import { encryptionContract } from "./encryption-contract.ts";
import type { ContractContext, Engine } from "./engine.ts";
import { mergeContract } from "./merge-contract.ts";
import { mergeStoreContract } from "./merge-store-contract.ts";
import { mergeUndoContract } from "./merge-undo-contract.ts";
import { overtakenMergeContract } from "./overtaken-merge-contract.ts";
import { overtakenReadsContract } from "./overtaken-reads-contract.ts";
import { profileAssetsContract } from "./profile-assets-contract.ts";
import { profileCommitmentsContract } from "./profile-commitments-contract.ts";
import { profileContextsContract } from "./profile-contexts-contract.ts";
import { profileCustomersContract } from "./profile-customers-contract.ts";
import { profileFieldsContract } from "./profile-fields-contract.ts";
import { profileHistoryContract } from "./profile-history-contract.ts";
import { profileIsolationContract } from "./profile-isolation-contract.ts";
import { profileLifecycleContract } from "./profile-lifecycle-contract.ts";
import { profileLineageContract } from "./profile-lineage-contract.ts";
import { profileLinksContract } from "./profile-links-contract.ts";
import { profileLookupContract } from "./profile-lookup-contract.ts";
import { profileOrphansContract } from "./profile-orphans-contract.ts";
import { profilePurgeContract } from "./profile-purge-contract.ts";
import { profileTransactionsContract } from "./profile-transactions-contract.ts";
import { profileValuesContract } from "./profile-values-contract.ts";

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
    describe("createCustomer", () => customerCreationContract(context));
    describe("apply to a customer", () => profileCustomersContract(context));
    describe("arrival", () => arrivalContract(context));
    describe("text search", () => customerSearchContract(context));
    describe("lineage", () => profileLineageContract(context));
    describe("links", () => profileLinksContract(context));
    describe("purge", () => profilePurgeContract(context));
    describe("fields", () => profileFieldsContract(context));
    describe("versions", () => profileHistoryContract(context));
    describe("assets", () => profileAssetsContract(context));
    describe("what is stored", () => profileValuesContract(context));
    describe("lifecycle", () => profileLifecycleContract(context));
    describe("markOrphans", () => profileOrphansContract(context));
    describe("getCommittedItem", () => profileCommitmentsContract(context));
    describe("contexts", () => profileContextsContract(context));
    describe("transactions", () => profileTransactionsContract(context));
    describe("encrypted values", () => encryptionContract(context));
    describe("applyMerge", () => mergeStoreContract(context));
    describe("overtaken merges", () => overtakenMergeContract(context));
    describe("overtaken reads", () => overtakenReadsContract(context));
    describe("merge", () => mergeContract(context));
    describe("undo of a merge", () => mergeUndoContract(context));
    describe("another tenant", () => profileIsolationContract(context));
  });
}
