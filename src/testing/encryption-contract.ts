import { beforeEach, expect, it } from "vitest";
import type { AgentId, CustomerId } from "../identifiers.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import type { ContractContext } from "./engine.ts";
import { MergeScene } from "./merge-scene.ts";
import { NOW, newId } from "./profile-records.ts";
import { fieldDefinition } from "./schema-records.ts";

const SECRET = "kept from everyone";

/** Values whose definition asks for encryption: nothing stored tells them, and they open wherever they go. */
export function encryptionContract(context: ContractContext): void {
  const agentId = newId<AgentId>();
  let scene: MergeScene;
  beforeEach(async () => {
    scene = await MergeScene.open(context);
    const definition = fieldDefinition({
      id: newId(),
      agentId,
      name: "secret",
      valueType: "json",
      encryptionRequired: true,
    });
    await context.tenant.schema.putDefinition(definition);
  });

  const write = async (customerId: CustomerId, value: unknown = [SECRET, { n: 1 }]) => {
    const fields = [{ name: "secret", value, source: "user_provided" } as const];
    return (await scene.vault.fields.write(customerId, { agentId, fields })).results[0]?.field;
  };
  const read = async (customerId: CustomerId) => (await scene.vault.fields.get(customerId, "secret")).value;

  it("come back as they were written, and are nowhere to be found in what is stored", async () => {
    const customerId = await scene.customer();
    expect(await write(customerId)).toMatchObject({ value: [SECRET, { n: 1 }], encrypted: true, masked: false });
    expect(await read(customerId)).toEqual([SECRET, { n: 1 }]);
    await scene.vault.fields.verify(customerId, "secret", { method: "otp", by: "agent" });
    await write(customerId, { again: SECRET });
    expect((await scene.profile(customerId)).fieldHistory?.["secret"]?.map(({ value }) => value)).toEqual([
      { again: SECRET },
      [SECRET, { n: 1 }],
      [SECRET, { n: 1 }],
    ]);
    expect(await context.engine.probe.dump(context.tenant.tenantId)).not.toContain(SECRET);
  });

  it("are read from the store as envelopes", async () => {
    const customerId = await scene.customer();
    await write(customerId);
    const { profiles } = context.tenant;
    const record = await profiles.getField(customerId, "secret", "active");
    expect(record).toMatchObject({ value: null });
    expect(record?.sealedValue).toMatch(/^[\w-]{80,}$/);
  });

  it("open after a merge, also when they are attested there for the first time, and after its undoing", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    await write(two);
    const merge = await scene.merge(one, two);
    expect(await read(one)).toEqual([SECRET, { n: 1 }]);
    await scene.vault.fields.verify(one, "secret", { method: "otp", by: "agent" });
    expect(await read(one)).toEqual([SECRET, { n: 1 }]);
    await scene.vault.fields.confirm(one, "secret", { method: "asked", by: "agent" });
    expect(await read(one)).toEqual([SECRET, { n: 1 }]);
    await scene.undo(merge);
    for (const customerId of [one, two]) expect(await read(customerId)).toEqual([SECRET, { n: 1 }]);
    await write(one, "short");
    expect((await scene.profile(one)).fieldHistory?.["secret"]?.map(({ value }) => value)).toHaveLength(3);
    expect(await context.engine.probe.dump(context.tenant.tenantId)).not.toContain(SECRET);
  });

  it("open for a customer who got values of two others", async () => {
    const [one, two, three] = [await scene.customer(), await scene.customer(), await scene.customer()];
    await write(one, "of one");
    await write(two, "of two");
    await write(three, "of three");
    await scene.merge(two, three);
    await scene.merge(one, two);
    const values = (await scene.profile(one)).fieldHistory?.["secret"]?.map(({ value }) => value);
    expect(values?.toSorted()).toEqual(["of one", "of three", "of two"]);
  });

  it("get one key for the customer from concurrent first writers", async () => {
    const customerId = await scene.customer();
    await Promise.all(Array.from({ length: 5 }, (_, index) => write(customerId, `value ${index}`)));
    const values = (await scene.profile(customerId)).fieldHistory?.["secret"]?.map(({ value }) => value);
    expect(values?.toSorted()).toEqual([0, 1, 2, 3, 4].map((index) => `value ${index}`));
  });

  it("do not open for another version, name or customer", async () => {
    const { profiles } = context.tenant;
    const [one, two] = [await scene.customer(), await scene.customer()];
    await write(one);
    await write(two);
    const stolen = await profiles.getField(one, "secret", "active");
    const { customer } = (await profiles.findProfile({ by: "id", customerId: two }, "active")) ?? expect.unreachable();
    const forged = {
      ...stolen,
      id: newId(),
      customerId: two,
      name: "copy",
      commitmentSecret: "",
      recordedAt: NOW,
    } as never;
    const changes = { customerId: two, expectedVersion: customer.version, customer, insertFields: [forged], audit: [] };
    expect(await profiles.apply(changes)).toBe("applied");
    await expect(scene.vault.fields.get(two, "copy")).rejects.toMatchObject({ code: "integrity_violation" });
  });

  it("stay with the vault that has the key", async () => {
    const customerId = await scene.customer();
    await write(customerId);
    const again: TenantVault = (await MergeScene.open(context)).vault;
    expect((await again.fields.get(customerId, "secret")).value).toEqual([SECRET, { n: 1 }]);
  });
}
