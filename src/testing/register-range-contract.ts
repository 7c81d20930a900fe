import { expect, it } from "vitest";
import { type CorruptionRangeRecord, REGISTER_RANGES } from "../register/range-record.ts";
import { CORRUPTION_TYPES } from "../register/verification/corruption.ts";
import type { ContractContext } from "./engine.ts";
import { at, NOW, newId } from "./profile-records.ts";
import { freshHash } from "./register-records.ts";

const range = (over: Partial<CorruptionRangeRecord> = {}): Omit<CorruptionRangeRecord, "version"> => ({
  id: newId(),
  startHeight: 3n,
  endHeight: 2n ** 63n - 1n,
  type: "BrokenChainLink",
  details: "The docket before it has another hash.",
  transactionIds: [freshHash(), freshHash()],
  detectedAt: NOW,
  recoveryAttempts: 0,
  lastRecoveryAttempt: null,
  recoveryStatus: "Pending",
  message: null,
  ...over,
});

/** That ranges are kept as records of the tenant. */
export function registerRangeContract(context: ContractContext): void {
  it("are kept with every member, and change", async () => {
    const ranges = context.tenant.records.repository(REGISTER_RANGES);
    const added = await ranges.add(range());
    expect(await ranges.get(added.id)).toEqual({ ...added, version: 1 });
    const tried = {
      recoveryAttempts: 1,
      lastRecoveryAttempt: at(5),
      recoveryStatus: "Failed",
      message: "No peer",
    } as const;
    expect(await ranges.patch(added.id, tried, { expectedVersion: 1 })).toEqual({ ...added, ...tried, version: 2 });
  });

  it("take every type and every status", async () => {
    const ranges = context.tenant.records.repository(REGISTER_RANGES);
    const statuses = ["Pending", "InProgress", "Succeeded", "Failed", "Abandoned"] as const;
    await ranges.addMany(CORRUPTION_TYPES.map((type) => range({ type, transactionIds: [] })));
    await ranges.addMany(statuses.map((recoveryStatus) => range({ recoveryStatus, endHeight: 3n })));
    const open = { op: "in", path: ["recoveryStatus"], values: ["InProgress", "Failed"] } as const;
    expect(await ranges.count(open)).toBe(2);
    const { items } = await ranges.query({ orderBy: [{ path: ["startHeight"] }] });
    expect(items).toHaveLength(CORRUPTION_TYPES.length + statuses.length);
  });

  it("are the tenant's own", async () => {
    const added = await context.tenant.records.repository(REGISTER_RANGES).add(range());
    const others = context.other.records.repository(REGISTER_RANGES);
    expect(await others.get(added.id)).toBeUndefined();
    expect(await others.remove(added.id)).toBe(false);
    expect(await others.count()).toBe(0);
  });
}
