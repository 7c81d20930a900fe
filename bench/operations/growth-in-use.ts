import type { CustomerId, ItemId } from "../../src/identifiers.ts";
import type { Arena } from "../arena.ts";
import { race } from "../race.ts";
import { atMost, comparedLines, type Effort, FULL_EFFORT, type Section } from "../section.ts";
import type { Subject } from "../subject.ts";
import { makeWorld, type World } from "../world.ts";

const FIRST = { customers: 5, chains: 2 };

interface Inhabited {
  readonly subject: Subject;
  readonly world: World;
}

type Read = (inhabited: Inhabited, index: number) => Promise<unknown>;

const READS: Readonly<Record<string, Read>> = {
  "cold profile load": ({ subject, world }, index) =>
    subject.services.customers.get(world.customerIds[index % world.customerIds.length] as CustomerId),
  "gap check": ({ subject, world }, index) => {
    const customerId = world.customerIds[index % world.customerIds.length] as CustomerId;
    return subject.services.gaps.missing(customerId, { scenarioId: world.scenarioId });
  },
  "derivation chain": ({ subject, world }, index) =>
    subject.services.lineage.chain(world.chainEnds[index % world.chainEnds.length] as ItemId),
};

/**
 * What a vault that was opened empty costs after its first customers have come, in the same process and without anyone
 * analyzing its tables: plans made for empty tables must not stay in use.
 */
export async function growthInUse(arena: Arena, effort: Effort): Promise<Section[]> {
  const added = effort.laps >= FULL_EFFORT.laps ? 100 : 40;
  await using youngSubject = await arena.openEmpty("young");
  await using grownSubject = await arena.openEmpty("grown");
  const young = await inhabit(youngSubject);
  const grown = await inhabit(grownSubject);
  await makeWorld(grownSubject.services, { customers: added, chains: added, from: FIRST.customers });
  const sections: Section[] = [];
  for (const [what, read] of Object.entries(READS)) {
    const large = `opened empty, ${FIRST.customers + added} customers now`;
    const figures = await race(
      [
        { name: `opened empty, ${FIRST.customers} customers now`, call: (index) => read(young, index) },
        { name: large, call: (index) => read(grown, index) },
      ],
      { ...effort, inFlight: 1 },
    );
    const lines = comparedLines(figures, (line) => (line.name === large ? [atMost("time", line.ratio, 1.3)] : []));
    sections.push({ operation: `growth in use, ${what}`, engine: arena.engine, inFlight: 1, lines, notes: [] });
  }
  return sections;
}

/** Each kind of call often enough for every plan to be made. */
async function inhabit(subject: Subject): Promise<Inhabited> {
  const inhabited = { subject, world: await makeWorld(subject.services, FIRST) };
  for (const read of Object.values(READS)) for (let index = 0; index < 10; index++) await read(inhabited, index);
  return inhabited;
}
