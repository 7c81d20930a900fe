import { deepStrictEqual } from "node:assert/strict";
import type { ItemId } from "../../src/identifiers.ts";
import type { Arena } from "../arena.ts";
import { CHAIN_BY_HAND, WHOLE_CHAIN_BY_HAND } from "../by-hand/derivation-chain.ts";
import { race } from "../race.ts";
import { atMost, comparedLines, type Effort, type Section } from "../section.ts";

const SUBJECTS = ["store.getDerivationChain", "lineage.chain"];

/** Ten levels from a value to the first item it was made from. */
export async function derivationChain(arena: Arena, effort: Effort): Promise<Section[]> {
  const { subject, world, byHand, byHandIsolated } = arena;
  const { tenantId } = subject;
  await checkSameChain(arena);
  const itemOf = (index: number) => world.chainEnds[index % world.chainEnds.length] as ItemId;
  const figures = await race(
    [
      {
        name: "by hand",
        enter: () => byHand.isolate(undefined),
        call: (index) => byHand.query(CHAIN_BY_HAND, [tenantId, itemOf(index)]),
      },
      {
        name: "by hand, with both kinds of item and their sources",
        enter: () => byHand.isolate(undefined),
        call: (index) => byHand.query(WHOLE_CHAIN_BY_HAND, [tenantId, itemOf(index)]),
      },
      {
        name: "the same with row-level security",
        enter: () => byHandIsolated.isolate(tenantId),
        call: (index) => byHandIsolated.query(WHOLE_CHAIN_BY_HAND, [tenantId, itemOf(index)]),
      },
      { name: "store.getDerivationChain", call: (index) => subject.store.getDerivationChain(itemOf(index)) },
      { name: "lineage.chain", call: (index) => subject.services.lineage.chain(itemOf(index)) },
    ],
    { ...effort, inFlight: 1 },
  );
  return [
    {
      operation: "derivation chain, 10 levels",
      engine: arena.engine,
      inFlight: 1,
      lines: comparedLines(figures, (line) =>
        SUBJECTS.includes(line.name) ? [atMost("time", line.ratio, 1.2), atMost("p99 ms", line.p99Ms, 100)] : [],
      ),
      notes: [
        "By hand is the bare walk over fields: no assets, no source edges of the items, no check of the customer.",
      ],
    },
  ];
}

async function checkSameChain({ subject, world, byHand }: Arena): Promise<void> {
  const [itemId] = world.chainEnds;
  if (!itemId) return;
  await byHand.isolate(undefined);
  const rows = await byHand.query(CHAIN_BY_HAND, [subject.tenantId, itemId]);
  const chain = await subject.store.getDerivationChain(itemId);
  deepStrictEqual(
    rows.map((row) => row["id"]),
    chain?.items.map((item) => item.id),
  );
}
