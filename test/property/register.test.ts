import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isVaultError } from "../../src/errors.ts";
import type { AuditEventId, TenantId } from "../../src/identifiers.ts";
import type { DocketIndex } from "../../src/register/register-store.ts";
import type { Engine, TenantUnderTest } from "../../src/testing/engine.ts";
import { at, newEvent, newId } from "../../src/testing/profile-records.ts";
import { freshRegister } from "../../src/testing/register-records.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { inMemoryEngine, openSqlEngine } from "../contract/engines.ts";

/* Random calls on a register, given to an engine and to the in-memory one, have the same outcomes. */

const SEED = 20_261_130;
const RUNS = 80;
const ALL = { limit: 100 };
const REGISTER = freshRegister();

type Call = (tenant: TenantUnderTest) => Promise<unknown>;

interface Step {
  readonly text: string;
  readonly call: Call;
}

/** Few of everything, so that repetitions and conflicts are frequent. */
const few = fc.nat(5);
const some = fc.array(few, { maxLength: 4 });
const hashOf = (index: number) => index.toString(16).padStart(64, "0");
const eventIdOf = (index: number) => `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}` as AuditEventId;
const byText = (a: unknown, b: unknown) => (textOf(a) < textOf(b) ? -1 : 1);
const textOf = (value: unknown) =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? member.toString() : member));

const docket = fc
  .record({
    height: few,
    of: fc.array(fc.record({ tx: fc.nat(11), event: few, type: fc.nat(1), about: few }), { maxLength: 3 }),
    nodes: some,
  })
  .map(
    ({ height, of, nodes }): DocketIndex => ({
      height: BigInt(height),
      transactions: of.map(({ tx, event, type, about }, position) => ({
        txId: hashOf(tx),
        height: BigInt(height),
        position,
        eventId: event === 0 ? null : eventIdOf(event),
        type: `type ${type}`,
        subject: about === 0 ? null : hashOf(about),
        subjectId: about === 1 ? null : eventIdOf(about),
      })),
      nodes: nodes.map((index) => ({ level: index % 2, index: BigInt(index), hash: hashOf(height * 6 + index) })),
    }),
  );
const filter = fc.record({
  subject: fc.option(few.map(hashOf), { nil: undefined, freq: 2 }),
  type: fc.option(
    fc.nat(1).map((type) => `type ${type}`),
    { nil: undefined, freq: 2 },
  ),
});

const steps = fc.oneof(
  step("append", some, (events) => async ({ audit }) => {
    await audit.append(events.map((event) => newEvent({ id: eventIdOf(event), timestamp: at(event) })));
  }),
  step(
    "listUnsealed",
    few,
    (limit) =>
      async ({ register }) =>
        (await register.listUnsealed(limit + 1)).map(({ sequence: _, ...event }) => event),
  ),
  step(
    "init",
    fc.constant(null),
    () =>
      ({ register }) =>
        register.init(REGISTER),
  ),
  step(
    "acquireLease",
    fc.tuple(few, few, fc.nat(2)),
    ([now, term, holder]) =>
      ({ register }) =>
        register.acquireLease({ holder: `holder ${holder}`, now: at(now), until: at(now + term) }),
  ),
  step(
    "releaseLease",
    fc.nat(2),
    (holder) =>
      ({ register }) =>
        register.releaseLease(`holder ${holder}`),
  ),
  step(
    "index",
    docket,
    (indexed) =>
      ({ register }) =>
        register.index(indexed),
  ),
  step(
    "indexedCount",
    fc.constant(null),
    () =>
      ({ register }) =>
        register.indexedCount(),
  ),
  step(
    "find",
    fc.nat(11),
    (tx) =>
      ({ register }) =>
        register.find(hashOf(tx)),
  ),
  step(
    "findByEvents",
    some,
    (events) =>
      async ({ register }) =>
        [...(await register.findByEvents(events.map(eventIdOf)))].sort(byText),
  ),
  step(
    "findBySubjectIds",
    some,
    (subjects) =>
      async ({ register }) =>
        [...(await register.findBySubjectIds(subjects.map(eventIdOf)))].sort(byText),
  ),
  step("list", fc.tuple(filter, few), ([asked, limit]) => async ({ register }) => {
    const page = await register.list(asked, { limit: limit + 1 });
    const { nextCursor } = page;
    return nextCursor === null ? page : [page, await register.list(asked, { limit: limit + 1, cursor: nextCursor })];
  }),
  step(
    "nodes",
    some,
    (indexes) =>
      async ({ register }) =>
        [...(await register.nodes(indexes.map((index) => ({ level: index % 2, index: BigInt(index) }))))].sort(byText),
  ),
  step(
    "addCheckpoint",
    fc.tuple(few, few),
    ([size, signed]) =>
      ({ register }) =>
        register.addCheckpoint({ size: BigInt(size), note: `note ${signed}`, signedAt: at(signed) }),
  ),
  step(
    "listCheckpoints",
    fc.constant(null),
    () =>
      ({ register }) =>
        register.listCheckpoints(ALL),
  ),
  step("initSecrets", fc.tuple(some, few), ([subjects, wrapped]) => async ({ register }) => {
    const secrets = subjects.map((subject, index) => ({
      subjectId: eventIdOf(subject),
      wrapped: `wrapped ${wrapped} ${index}`,
    }));
    return [...(await register.initSecrets(secrets))].sort(byText);
  }),
  step(
    "getSecrets",
    some,
    (subjects) =>
      async ({ register }) =>
        [...(await register.getSecrets(subjects.map(eventIdOf)))].sort(byText),
  ),
  step(
    "destroySecret",
    few,
    (subject) =>
      ({ register }) =>
        register.destroySecret(eventIdOf(subject), at(subject)),
  ),
);

function step<T>(name: string, input: fc.Arbitrary<T>, call: (input: T) => Call): fc.Arbitrary<Step> {
  return input.map((drawn) => ({ text: `${name} ${fc.stringify(drawn)}`, call: call(drawn) }));
}

async function outcomeOf(call: Call, tenant: TenantUnderTest): Promise<unknown> {
  try {
    return await call(tenant);
  } catch (error) {
    if (!isVaultError(error)) throw error;
    return { code: error.code };
  }
}

describe.each(sqlEngines())("registers on $flavour", (engine) => {
  let tested: Engine;
  let oracle: Engine;

  beforeAll(async () => {
    [tested, oracle] = [await openSqlEngine(engine), await inMemoryEngine()];
  });
  afterAll(async () => {
    await tested[Symbol.asyncDispose]();
    await oracle[Symbol.asyncDispose]();
  });

  it("do what registers in memory do", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40, size: "max" }), async (run) => {
        const tenantId = newId<TenantId>();
        const [tenant, model] = [await tested.newTenant(tenantId), await oracle.newTenant(tenantId)];
        for (const { text, call } of run) {
          const [outcome, expected] = [await outcomeOf(call, tenant), await outcomeOf(call, model)];
          expect({ text, outcome }).toEqual({ text, outcome: expected });
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
