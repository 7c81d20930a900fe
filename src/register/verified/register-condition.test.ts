import { expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { RegisterScene } from "../../testing/register-scene.ts";

it("tells a register that nobody has asked for from one that cannot be opened", async () => {
  await using storage = await openInMemoryWormStorage();
  await using scene = new RegisterScene({ storage, chain: ledgerOf("condition", [1, 1]) });
  const register = await scene.open();
  expect([register.condition.state, register.condition.wasInitialized]).toEqual(["Offline", false]);
  // Nothing was stored, so nothing says what its charter is.
  await expect(register.initialize()).rejects.toMatchObject({ code: "integrity_violation" });
  expect([register.condition.state, register.condition.wasInitialized]).toEqual(["Offline", true]);
  await scene.store();
  await register.initialize();
  expect([register.condition.state, register.condition.wasInitialized]).toEqual(["Healthy", true]);
});
