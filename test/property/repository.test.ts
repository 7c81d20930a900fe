import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isVaultError } from "../../src/errors.ts";
import type { RecordScope } from "../../src/storage/repository.ts";
import {
  newTenantId,
  openInMemoryRecords,
  openSqlRecords,
  type RecordStorage,
  WIDGETS,
} from "../../src/testing/record-storage.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { type RecordStep, recordSteps } from "./record-steps.ts";

/** More runs and other seeds look further; these are what every change is checked with. */
const RUNS = Number(process.env["STRONGROOM_PROPERTY_RUNS"] ?? 100);
const SEED = Number(process.env["STRONGROOM_PROPERTY_SEED"] ?? 20260303);

describe.each(sqlEngines())("records on $flavour", (engine) => {
  let [tables, oracle]: RecordStorage[] = [];

  beforeAll(async () => {
    [tables, oracle] = await Promise.all([openSqlRecords(engine), openInMemoryRecords()]);
  });
  afterAll(async () => {
    await tables?.[Symbol.asyncDispose]();
  });

  it("answer as those in memory do, whatever is asked", { timeout: 300_000 }, async () => {
    const seen = new Map<string, number>();
    const property = fc.asyncProperty(recordSteps, async (steps) => {
      const tenantId = newTenantId();
      const [scope, model] = [tables?.forTenant(tenantId), oracle?.forTenant(tenantId)];
      if (!scope || !model) return;
      for (const step of steps) {
        const answer = await outcomeOf(scope, step);
        seen.set(kindOf(step, answer), (seen.get(kindOf(step, answer)) ?? 0) + 1);
        expect({ step, answer }).toEqual({ step, answer: await outcomeOf(model, step) });
      }
      // Names are unique among all tenants: what is left would stand in the way of the next run.
      for (const own of [scope, model]) {
        for await (const { id } of own.repository(WIDGETS).stream()) await own.repository(WIDGETS).remove(id);
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS });
    for (const needed of [
      "add",
      "add record_exists",
      "update version_mismatch",
      "query",
      "transaction record_exists",
    ]) {
      expect([needed, (seen.get(needed) ?? 0) > 0]).toEqual([needed, true]);
    }
  });
});

function kindOf(step: RecordStep, answer: unknown): string {
  const refused = answer as { readonly refused?: string };
  return refused?.refused === undefined ? step.kind : `${step.kind} ${refused.refused}`;
}

async function outcomeOf(scope: RecordScope, step: RecordStep): Promise<unknown> {
  try {
    return (await run(scope, step)) ?? "nothing";
  } catch (error) {
    if (!isVaultError(error)) throw error;
    return { refused: error.code, details: error.details };
  }
}

async function run(scope: RecordScope, step: RecordStep): Promise<unknown> {
  const widgets = scope.repository(WIDGETS);
  switch (step.kind) {
    case "add":
      return widgets.add(step.widget);
    case "addMany":
      return widgets.addMany(step.widgets);
    case "get":
      return [await widgets.get(step.id), await widgets.exists(step.id)];
    case "update":
      return widgets.update(step.widget, { expectedVersion: step.expectedVersion });
    case "patch":
      return widgets.patch(step.id, step.change, { expectedVersion: step.expectedVersion });
    case "remove":
      return widgets.remove(step.id, { expectedVersion: step.expectedVersion });
    case "query":
      return readAll(scope, step);
    case "transaction": {
      const answers: unknown[] = [];
      await scope
        .transaction(async (tx) => {
          for (const part of step.steps) {
            const answer = await outcomeOf(tx, part);
            answers.push(answer);
            if (kindOf(part, answer).endsWith("record_exists")) throw await failureOf(tx, part);
          }
          if (step.fails) throw new RangeError("mine");
        })
        .catch((error: unknown) => {
          if (!(error instanceof RangeError)) throw error;
        });
      return answers;
    }
  }
}

/** What every later call of the transaction rejects with. */
async function failureOf(scope: RecordScope, step: RecordStep): Promise<unknown> {
  return run(scope, step).then(
    () => new Error("A transaction went on after a record that existed."),
    (error: unknown) => error,
  );
}

async function readAll(scope: RecordScope, { query }: Extract<RecordStep, { kind: "query" }>): Promise<unknown> {
  const widgets = scope.repository(WIDGETS);
  const pages: unknown[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await widgets.query({ ...query, cursor });
    pages.push(page);
    cursor = page.nextCursor;
  }
  const paged = await widgets.getPaged({ ...query, page: 2, pageSize: query.limit });
  return { pages, paged, count: await widgets.count(query.filter) };
}
