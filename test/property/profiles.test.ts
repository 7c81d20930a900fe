import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import { newId } from "../../src/testing/profile-records.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { inMemoryEngine, openSqlEngine } from "../contract/engines.ts";
import { commands } from "./profile-commands.ts";
import { Invariants } from "./profile-invariants.ts";
import { MergesTakenBack } from "./profile-merges.ts";
import { canonical, observe } from "./profile-observation.ts";
import { Past } from "./profile-past.ts";
import { RunnableVault, SECRET } from "./profile-run.ts";

/** More runs and other seeds look further; these are what every change is checked with. */
const RUNS = Number(process.env["STRONGROOM_PROPERTY_RUNS"] ?? 100);
const SEED = Number(process.env["STRONGROOM_PROPERTY_SEED"] ?? 20260303);

describe("profiles in memory", () => {
  let vault: RunnableVault;

  beforeAll(async () => {
    vault = new RunnableVault(await inMemoryEngine());
  });
  afterAll(() => vault.engine[Symbol.asyncDispose]());

  it("are consistent after each step, and remember what they were", { timeout: 300_000 }, async () => {
    let [remembered, takenBack] = [0, 0];
    const property = fc.asyncProperty(commands, async (steps) => {
      const run = await vault.start(newId<TenantId>(), 11);
      const [invariants, past, merges] = [new Invariants(run), new Past(run), new MergesTakenBack(run)];
      for (const step of steps) {
        if (step.kind === "wait" && step.ms > 0) await past.remember();
        await merges.prepare(step);
        const outcome = await run.execute(step);
        if (await merges.check(step, outcome)) takenBack++;
        await invariants.check(step);
      }
      remembered += await past.compare();
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS * 2 });
    expect(remembered).toBeGreaterThan(RUNS);
    expect(takenBack).toBeGreaterThan(RUNS / 10);
  });
});

for (const engine of sqlEngines()) {
  describe(`profiles in memory and on ${engine.flavour}`, () => {
    let model: RunnableVault;
    let real: RunnableVault;

    beforeAll(async () => {
      [model, real] = [new RunnableVault(await inMemoryEngine()), new RunnableVault(await openSqlEngine(engine))];
    });
    afterAll(async () => {
      for (const vault of [model, real]) await vault.engine[Symbol.asyncDispose]();
    });

    it("answer alike, are alike after any run, and keep secrets", { timeout: 300_000 }, async () => {
      const property = fc.asyncProperty(commands, async (steps) => {
        const tenantId = newId<TenantId>();
        const [expected, actual] = [await model.start(tenantId, 11), await real.start(tenantId, 11)];
        for (const step of steps) {
          const [wanted, got] = [await expected.execute(step), await actual.execute(step)];
          if (canonical(wanted) !== canonical(got)) expect({ step, got }).toEqual({ step, got: wanted });
        }
        const [wanted, got] = [await observe(expected), await observe(actual)];
        for (const key of Object.keys(wanted)) {
          if (canonical(wanted[key]) !== canonical(got[key])) {
            expect({ [key]: got[key] }).toEqual({ [key]: wanted[key] });
          }
        }
        for (const { engine: each } of [model, real]) expect(await each.probe.dump(tenantId)).not.toContain(SECRET);
      });
      await fc.assert(property, { seed: SEED, numRuns: RUNS });
    });
  });
}
