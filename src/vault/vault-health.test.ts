import { expect, it } from "vitest";
import { OPERATIONAL_STATES } from "../register/operational-state.ts";
import { vaultHealth } from "./vault-health.ts";

it.each(OPERATIONAL_STATES)("one register that is %s among sound ones", (state) => {
  const registers = { Healthy: 3, [state]: 1 };
  const expected = state === "Healthy" || state === "Initializing" ? "ready" : "degraded";
  expect(vaultHealth({ status: "ready", tiers: [] }, registers)).toEqual({ status: expected, tiers: [], registers });
});

it("is never better than the tiers are", () => {
  for (const status of ["degraded", "not_ready"] as const) {
    for (const registers of [{}, { Healthy: 1 }, { Offline: 1 }]) {
      expect(vaultHealth({ status, tiers: [] }, registers).status).toBe(status);
    }
  }
});
