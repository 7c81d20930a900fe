import { expect, it } from "vitest";
import type { StoredCheckpoint } from "../register/register-store.ts";
import type { ContractContext } from "./engine.ts";
import { at } from "./profile-records.ts";
import { freshTransaction, indexed } from "./register-records.ts";

const checkpoint = (size: bigint, over: Partial<StoredCheckpoint> = {}): StoredCheckpoint => ({
  size,
  note: `origin\n${size}\n— ключ\n`,
  signedAt: at(Number(size % 1_000n)),
  ...over,
});

/** What is kept of signed checkpoints. */
export function registerCheckpointContract(context: ContractContext): void {
  it("are listed from the largest down, as they were added", async () => {
    const { register } = context.tenant;
    expect(await register.listCheckpoints({ limit: 1 })).toEqual({ items: [], nextCursor: null });
    const sizes = [2n, 2n ** 63n - 1n, 0n, 10n, 9n];
    for (const size of sizes) await register.addCheckpoint(checkpoint(size));
    const descending = [2n ** 63n - 1n, 10n, 9n, 2n, 0n].map((size) => checkpoint(size));
    for (const limit of [1, 2, 5, 100]) {
      const found: StoredCheckpoint[] = [];
      let cursor: string | undefined;
      do {
        const page = await register.listCheckpoints({ limit, cursor });
        found.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(found).toEqual(descending);
    }
  });

  it("are one for each size: the first", async () => {
    const { register } = context.tenant;
    const first = checkpoint(7n);
    await register.addCheckpoint(first);
    await register.addCheckpoint(checkpoint(7n, { note: "another", signedAt: at(1) }));
    expect((await register.listCheckpoints({ limit: 5 })).items).toEqual([first]);
  });

  it("are listed on from a page when larger ones were added", async () => {
    const { register } = context.tenant;
    for (const size of [1n, 2n, 3n]) await register.addCheckpoint(checkpoint(size));
    const page = await register.listCheckpoints({ limit: 2 });
    await register.addCheckpoint(checkpoint(4n));
    const rest = await register.listCheckpoints({ limit: 2, cursor: page.nextCursor ?? "" });
    expect(rest).toEqual({ items: [checkpoint(1n)], nextCursor: null });
  });

  it("refuse a cursor of another list or of none", async () => {
    const { register } = context.tenant;
    await indexed(register, 0n, freshTransaction(), freshTransaction());
    const { nextCursor } = await register.list({}, { limit: 1 });
    const forged = Buffer.from('["register-checkpoints","1 or 1"]').toString("base64url");
    for (const cursor of [nextCursor ?? "", "", "x", forged]) {
      await expect(register.listCheckpoints({ limit: 1, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
    }
  });
}
