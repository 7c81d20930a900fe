import { deepStrictEqual } from "node:assert/strict";
import type { CustomerId } from "../../src/identifiers.ts";
import type { Arena } from "../arena.ts";
import { loadProfileByHand } from "../by-hand/profile.ts";
import { type Figures, race } from "../race.ts";
import { atLeast, atMost, comparedLines, type Effort, type Goal, type Section } from "../section.ts";

const SUBJECTS = ["store.findProfile", "customers.get"];

/** A profile that no cache holds, against the best named statement with the same answer. */
export async function coldLoad(arena: Arena, effort: Effort): Promise<Section[]> {
  await checkSameAnswer(arena);
  return [await measure(arena, effort, 1), await measure(arena, effort, 20)];
}

async function measure(arena: Arena, effort: Effort, inFlight: number): Promise<Section> {
  const { subject, world, byHand, byHandIsolated } = arena;
  const { tenantId } = subject;
  const customerOf = (index: number) => world.customerIds[index % world.customerIds.length] as CustomerId;
  const figures = await race(
    [
      {
        name: "by hand",
        enter: () => byHand.isolate(undefined),
        call: (index) => loadProfileByHand(byHand, tenantId, customerOf(index)),
      },
      {
        name: "by hand, with row-level security",
        enter: () => byHandIsolated.isolate(tenantId),
        call: (index) => loadProfileByHand(byHandIsolated, tenantId, customerOf(index)),
      },
      {
        name: "store.findProfile",
        call: (index) => subject.store.findProfile({ by: "id", customerId: customerOf(index) }, "active"),
      },
      { name: "customers.get", call: (index) => subject.services.customers.get(customerOf(index)) },
    ],
    { ...effort, inFlight },
  );
  return {
    operation: "cold profile load",
    engine: arena.engine,
    inFlight,
    lines: comparedLines(figures, (line) => goalsOf(line, inFlight)),
    notes: ["By hand gives the same answer, orphan flags and analysis ids included."],
  };
}

function goalsOf(line: Figures, inFlight: number): readonly Goal[] {
  if (!SUBJECTS.includes(line.name)) return [];
  const latency = atMost("p99 ms", line.p99Ms, 50);
  return inFlight === 1
    ? [atMost("time", line.ratio, 1.2), latency]
    : [atLeast("throughput", 1 / line.ratio, 0.9), latency];
}

async function checkSameAnswer({ subject, world, byHand }: Arena): Promise<void> {
  await byHand.isolate(undefined);
  for (const customerId of world.customerIds.slice(0, 5)) {
    const expected = await subject.store.findProfile({ by: "id", customerId }, "active");
    deepStrictEqual(await loadProfileByHand(byHand, subject.tenantId, customerId), expected);
  }
}
