import { expect, it } from "vitest";
import type { AuditEventInsert } from "../audit/audit-event.ts";
import type { DocketIndex, RegisterRecord, RegisterStore } from "../register/register-store.ts";
import type { ContractContext, TenantUnderTest } from "./engine.ts";
import { at, NOW, newEvent, newId } from "./profile-records.ts";
import { docketOf, freshHash, freshRegister, transactionOfEvent } from "./register-records.ts";

/** Names that two tenants use at once. */
interface Names {
  readonly record: RegisterRecord;
  readonly event: AuditEventInsert;
  readonly docket: DocketIndex;
  readonly subjectId: string;
  readonly wrapped: string;
}

function names(event: AuditEventInsert = newEvent({ subjectId: newId() })): Names {
  const docket = docketOf(0n, transactionOfEvent(event));
  return { record: freshRegister(), event, docket, subjectId: newId(), wrapped: freshHash() };
}

/** Every method that reads. */
function readsOf(store: RegisterStore, { event, docket, subjectId }: Names): readonly (() => Promise<unknown>)[] {
  return [
    () => store.get(),
    () => store.listUnsealed(10),
    () => store.indexedCount(),
    () => store.find(docket.transactions[0]?.txId ?? ""),
    () => store.findByEvents([event.id]),
    () => store.findBySubjectIds([event.subjectId ?? ""]),
    () => store.findMisindexed([docket]),
    () => store.list({}, { limit: 10 }),
    () => store.list({ subject: docket.transactions[0]?.subject ?? "", type: event.eventType }, { limit: 10 }),
    () => store.nodes(docket.nodes),
    () => store.listCheckpoints({ limit: 10 }),
    () => store.getSecrets([subjectId]),
  ];
}

/** Every method that writes. */
function writesOf(store: RegisterStore, own: Names): readonly (() => Promise<unknown>)[] {
  return [
    () => store.init(own.record),
    () => store.acquireLease({ holder: "holder", now: NOW, until: at(10) }),
    () => store.index(own.docket),
    () => store.reindex(own.docket),
    () => store.putNodes(own.docket.nodes),
    () => store.addCheckpoint({ size: 1n, note: own.wrapped, signedAt: NOW }),
    () => store.initSecrets([own]),
    () => store.destroySecret(own.subjectId, NOW),
    () => store.releaseLease("holder"),
  ];
}

/** Every method, none of which needs anything to be there. */
export function callsOf(store: RegisterStore): readonly (() => Promise<unknown>)[] {
  const own = names();
  return [...readsOf(store, own), ...writesOf(store, own)];
}

/** That a register is nobody else's, whoever uses the same names. */
export function registerAdversaryContract(context: ContractContext): void {
  const read = async ({ register }: TenantUnderTest, own: Names): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (const call of readsOf(register, own)) found.push(await call());
    return found;
  };
  /** All but the destruction of the secret and the end of the lease. */
  const fill = async (tenant: TenantUnderTest, own: Names): Promise<void> => {
    await tenant.audit.append([own.event, newEvent()]);
    for (const call of writesOf(tenant.register, own).slice(0, -2)) await call();
  };

  it("sees nothing of it by any method", async () => {
    const own = names();
    const nothing = await read(context.other, own);
    await fill(context.tenant, own);
    expect(await read(context.other, own)).toEqual(nothing);
    expect(await read(context.tenant, own)).not.toEqual(nothing);
  });

  it("changes nothing of it by any method", async () => {
    const own = names();
    await fill(context.tenant, own);
    const before = await read(context.tenant, own);
    const theirs: Names = { ...names(own.event), subjectId: own.subjectId };
    await context.other.audit.append([own.event]);
    for (const call of writesOf(context.other.register, theirs)) await call();
    expect(await read(context.tenant, own)).toEqual(before);
    const lease = { holder: "another", now: at(1), until: at(2) };
    expect(await context.tenant.register.acquireLease(lease)).toBeUndefined();
    expect(await context.other.register.acquireLease(lease)).toMatchObject({ epoch: 2n });
  });

  it("has the same names for itself", async () => {
    const own = names();
    await fill(context.tenant, own);
    await fill(context.other, own);
    for (const { register } of [context.tenant, context.other]) expect(await register.listUnsealed(10)).toHaveLength(1);
    expect(await context.other.register.get()).toEqual(own.record);
    expect(await context.other.register.getSecrets([own.subjectId])).toEqual([
      { subjectId: own.subjectId, wrapped: own.wrapped },
    ]);
  });
}
