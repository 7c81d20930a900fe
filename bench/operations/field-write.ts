import pg from "pg";
import type { CustomerId } from "../../src/identifiers.ts";
import type { Arena } from "../arena.ts";
import { writeByHand, writeByHandPipelined } from "../by-hand/field-write.ts";
import { race } from "../race.ts";
import { atMost, comparedLines, type Effort, type Section } from "../section.ts";
import { WRITTEN_FIELD } from "../world.ts";

const COUNTED_CALLS = 20;

/** Replaces the active version of a field that has a definition, with one source and its audit event. */
export async function fieldWrite(arena: Arena, effort: Effort): Promise<Section[]> {
  const { subject, world, byHand } = arena;
  const { tenantId } = subject;
  const customerOf = (index: number) => world.customerIds[index % world.customerIds.length] as CustomerId;
  const handWriteOf = (index: number) => ({
    tenantId,
    customerId: customerOf(index),
    name: WRITTEN_FIELD,
    value: `Engineer ${index}`,
    sessionId: `session-${index}`,
  });
  const write = (index: number) =>
    subject.services.fields.write(customerOf(index), {
      agentId: world.agentId,
      fields: [
        {
          name: WRITTEN_FIELD,
          value: `Engineer ${index}`,
          source: "user_provided",
          sources: [{ type: "session", id: `session-${index}` }],
        },
      ],
    });
  const enter = () => byHand.isolate(undefined);
  const figures = await race(
    [
      {
        name: "by hand, one statement at a time",
        enter,
        call: (index) => writeByHand(byHand.client, handWriteOf(index)),
      },
      { name: "by hand, pipelined", enter, call: (index) => writeByHandPipelined(byHand.client, handWriteOf(index)) },
      { name: "fields.write", call: write },
    ],
    { ...effort, inFlight: 1 },
  );
  const turns = await countNetworkTurns(write);
  const handTurns = await countNetworkTurns((index) => writeByHand(byHand.client, handWriteOf(index)));
  return [
    {
      operation: "field write",
      engine: arena.engine,
      inFlight: 1,
      lines: comparedLines(figures, (line) =>
        line.name === "fields.write" ? [atMost("time", line.ratio, 1.4), atMost("round trips", turns, 3)] : [],
      ),
      notes: [
        `Round trips of one write, counted at the driver: ${turns}; by hand ${handTurns}.`,
        "By hand neither validates the value nor keeps a commitment secret.",
      ],
    },
  ];
}

/** How many statements the driver is given by one call. */
async function countNetworkTurns(call: (index: number) => Promise<unknown>): Promise<number> {
  let count = 0;
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function (...args: unknown[]) {
    count++;
    return query.apply(this, args);
  };
  try {
    for (let index = 0; index < COUNTED_CALLS; index++) await call(index);
  } finally {
    prototype.query = query;
  }
  return count / COUNTED_CALLS;
}
