import { expect, it } from "vitest";
import { type RegisterStore, SEAL_LOOKUPS_MAX, type WrappedSecret } from "../register/register-store.ts";
import type { ContractContext } from "./engine.ts";
import { at, NOW, newId } from "./profile-records.ts";
import { manyIds } from "./register-records.ts";

/** How the secrets of subjects are made, kept and destroyed. */
export function registerSecretContract(context: ContractContext): void {
  const secret = (subjectId: string = newId(), wrapped = `wrapped ${subjectId}`): WrappedSecret => ({
    subjectId,
    wrapped,
  });
  const kept = async (store: RegisterStore, ...subjectIds: readonly string[]) =>
    sorted(await store.getSecrets(subjectIds));
  const sorted = (secrets: readonly WrappedSecret[]) =>
    secrets.toSorted((a, b) => (a.subjectId < b.subjectId ? -1 : 1));

  it("are kept as they were made, those that are there", async () => {
    const { register } = context.tenant;
    const [one, two] = [secret(), secret()];
    expect(await register.getSecrets([one.subjectId])).toEqual([]);
    expect(await register.getSecrets([])).toEqual([]);
    expect(await register.initSecrets([])).toEqual([]);
    expect(sorted(await register.initSecrets([one, two]))).toEqual([one, two]);
    expect(await kept(register, two.subjectId, newId(), one.subjectId, one.subjectId)).toEqual([one, two]);
    expect(await register.getSecrets(["", "x", "\u0000"])).toEqual([]);
  });

  it("are made once: the first one stays and is everybody's", async () => {
    const { register } = context.tenant;
    const [first, fresh] = [secret(), secret()];
    await register.initSecrets([first]);
    const again = await register.initSecrets([secret(first.subjectId, "another"), fresh]);
    expect(sorted(again)).toEqual([first, fresh]);
    const twice = secret();
    expect(await register.initSecrets([twice, secret(twice.subjectId, "another")])).toEqual([twice]);
  });

  it("are one for all who make them at once, in whatever order", async () => {
    const { register } = context.tenant;
    const subjects = manyIds<string>(20);
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, caller) => {
        const own = subjects.map((subjectId) => secret(subjectId, `of caller ${caller}`));
        return register.initSecrets(caller % 2 ? own : own.toReversed());
      }),
    );
    const first = await kept(register, ...subjects);
    expect(first).toHaveLength(subjects.length);
    for (const secrets of made) expect(sorted(secrets)).toEqual(first);
  });

  it("are destroyed for good", async () => {
    const { register } = context.tenant;
    const [one, two] = [secret(), secret()];
    await register.initSecrets([one, two]);
    expect(await register.destroySecret(one.subjectId, NOW)).toBe(true);
    expect(await register.destroySecret(one.subjectId, at(1))).toBe(false);
    expect(await kept(register, one.subjectId, two.subjectId)).toEqual([two]);
    expect(await register.initSecrets([secret(one.subjectId, "again"), two])).toEqual([two]);
    expect(await kept(register, one.subjectId, two.subjectId)).toEqual([two]);
  });

  it("are never made once they were destroyed, also before there was one", async () => {
    const { register } = context.tenant;
    const one = secret();
    expect(await register.destroySecret(one.subjectId, NOW)).toBe(false);
    expect(await register.destroySecret(one.subjectId, NOW)).toBe(false);
    expect(await register.initSecrets([one])).toEqual([]);
    expect(await kept(register, one.subjectId)).toEqual([]);
  });

  it("are destroyed by one of those who do it at once, whoever makes them meanwhile", async () => {
    const { register } = context.tenant;
    const one = secret();
    await register.initSecrets([one]);
    const calls = Array.from({ length: 6 }, () => [
      register.destroySecret(one.subjectId, NOW),
      register.initSecrets([secret(one.subjectId, "again")]).then(() => false),
    ]);
    const destroyed = await Promise.all(calls.flat());
    expect(destroyed.filter(Boolean)).toHaveLength(1);
    expect(await kept(register, one.subjectId)).toEqual([]);
  });

  it("leave nothing of themselves where the database is looked into", async () => {
    const { register, tenantId } = context.tenant;
    const one = secret(newId(), "the only copy of it");
    await register.initSecrets([one]);
    await register.destroySecret(one.subjectId, NOW);
    expect(await context.engine.probe.dump(tenantId)).not.toContain(one.wrapped);
  });

  it("are 1,000 at a time and not more", async () => {
    const { register } = context.tenant;
    const subjects = manyIds<string>(SEAL_LOOKUPS_MAX);
    const secrets = subjects.map((subjectId) => secret(subjectId, "w"));
    expect(await register.initSecrets(secrets)).toHaveLength(SEAL_LOOKUPS_MAX);
    expect(await register.getSecrets(subjects)).toHaveLength(SEAL_LOOKUPS_MAX);
    await expect(register.initSecrets([...secrets, secret()])).rejects.toMatchObject({ code: "limit_exceeded" });
    await expect(register.getSecrets([...subjects, newId()])).rejects.toMatchObject({ code: "limit_exceeded" });
  });
}
