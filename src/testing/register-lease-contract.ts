import { expect, it } from "vitest";
import { LEASE_MS_MAX, type RegisterStore } from "../register/register-store.ts";
import type { ContractContext } from "./engine.ts";
import { at } from "./profile-records.ts";
import { freshRegister } from "./register-records.ts";

const TERM_MS = 30_000;

/** Who may seal, and until when. */
export function registerLeaseContract(context: ContractContext): void {
  const withRegister = async (): Promise<RegisterStore> => {
    await context.tenant.register.init(freshRegister());
    return context.tenant.register;
  };
  const acquire = (store: RegisterStore, holder: string, nowMs: number) =>
    store.acquireLease({ holder, now: at(nowMs), until: at(nowMs + TERM_MS) });

  it("is nobody's without a register", async () => {
    const { register } = context.tenant;
    expect(await acquire(register, "a", 0)).toBeUndefined();
    await register.releaseLease("a");
    expect(await register.get()).toBeUndefined();
  });

  it("is given to the first who asks, and to nobody else while it lasts", async () => {
    const store = await withRegister();
    expect(await acquire(store, "a", 0)).toEqual({ holder: "a", epoch: 1n, until: at(TERM_MS) });
    expect(await acquire(store, "b", 0)).toBeUndefined();
    expect(await acquire(store, "b", TERM_MS - 1)).toBeUndefined();
  });

  it("is taken over at the moment it runs out, with a higher epoch", async () => {
    const store = await withRegister();
    await acquire(store, "a", 0);
    expect(await acquire(store, "b", TERM_MS)).toEqual({ holder: "b", epoch: 2n, until: at(2 * TERM_MS) });
    expect(await acquire(store, "a", TERM_MS)).toBeUndefined();
    expect(await acquire(store, "a", 2 * TERM_MS)).toMatchObject({ holder: "a", epoch: 3n });
  });

  it("is prolonged for its holder with the same epoch, unless it ran out", async () => {
    const store = await withRegister();
    await acquire(store, "a", 0);
    expect(await acquire(store, "a", 10)).toEqual({ holder: "a", epoch: 1n, until: at(10 + TERM_MS) });
    expect(await acquire(store, "b", TERM_MS)).toBeUndefined();
    expect(await acquire(store, "a", 10 + TERM_MS)).toMatchObject({ epoch: 2n });
  });

  it("is shortened when its holder asks for less", async () => {
    const store = await withRegister();
    await acquire(store, "a", 0);
    expect(await store.acquireLease({ holder: "a", now: at(1), until: at(2) })).toMatchObject({ epoch: 1n });
    expect(await acquire(store, "b", 2)).toMatchObject({ epoch: 2n });
  });

  it("is nobody's when it lasts longer than any can, because of a clock that was wrong", async () => {
    const store = await withRegister();
    const wrongMs = 5 * 365 * 86_400_000;
    await acquire(store, "a", wrongMs);
    expect(await acquire(store, "b", 0)).toEqual({ holder: "b", epoch: 2n, until: at(TERM_MS) });
    expect(await acquire(store, "a", 1)).toBeUndefined();
    await acquire(store, "b", wrongMs);
    expect(await acquire(store, "b", TERM_MS)).toMatchObject({ epoch: 4n, until: at(2 * TERM_MS) });
  });

  it("may last as long as the longest, and not a millisecond more", async () => {
    const store = await withRegister();
    await store.acquireLease({ holder: "a", now: at(1), until: at(1 + LEASE_MS_MAX) });
    expect(await acquire(store, "b", 1)).toBeUndefined();
    expect(await acquire(store, "b", 0)).toMatchObject({ holder: "b" });
  });

  it("is let go by its holder at once, and by nobody else", async () => {
    const store = await withRegister();
    await acquire(store, "a", 0);
    await store.releaseLease("b");
    expect(await acquire(store, "b", 1)).toBeUndefined();
    await store.releaseLease("a");
    await store.releaseLease("a");
    expect(await acquire(store, "b", 1)).toMatchObject({ holder: "b", epoch: 2n });
  });

  it("has a new epoch for a holder who let it go", async () => {
    const store = await withRegister();
    await acquire(store, "a", 0);
    await store.releaseLease("a");
    expect(await acquire(store, "a", 1)).toMatchObject({ epoch: 2n });
  });

  it("goes to one of ten who ask at once, time after time", async () => {
    const store = await withRegister();
    for (let round = 0; round < 3; round++) {
      const asked = Array.from({ length: 10 }, (_, index) => acquire(store, `holder ${index}`, round * TERM_MS));
      const given = (await Promise.all(asked)).filter((lease) => lease !== undefined);
      expect(given).toMatchObject([{ epoch: BigInt(round + 1) }]);
    }
  });
}
