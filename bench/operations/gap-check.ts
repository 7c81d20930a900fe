import type { CustomerId } from "../../src/identifiers.ts";
import type { Arena } from "../arena.ts";
import { race } from "../race.ts";
import { atMost, type Effort, plainLines, type Section } from "../section.ts";
import { REQUIREMENT_COUNT } from "../world.ts";

/** What is missing before a scenario may start: one read and the rule over it. */
export async function gapCheck(arena: Arena, effort: Effort): Promise<Section[]> {
  const { subject, world } = arena;
  const { scenarioId } = world;
  const customerOf = (index: number) => world.customerIds[index % world.customerIds.length] as CustomerId;
  const selector = { kind: "effective", stepId: null } as const;
  const figures = await race(
    [
      { name: "gaps.missing", call: (index) => subject.services.gaps.missing(customerOf(index), { scenarioId }) },
      {
        name: "of it store.loadGapContext",
        call: (index) => subject.store.loadGapContext(customerOf(index), scenarioId, selector),
      },
    ],
    { ...effort, inFlight: 1 },
  );
  return [
    {
      operation: `gap check, ${REQUIREMENT_COUNT} requirements`,
      engine: arena.engine,
      inFlight: 1,
      lines: plainLines(figures, (line) => (line.name === "gaps.missing" ? [atMost("p99 ms", line.p99Ms, 2)] : [])),
      notes: [],
    },
  ];
}
