import type { CustomerId } from "../../src/identifiers.ts";
import type { Arena, SmallVault } from "../arena.ts";
import { type Contestant, race } from "../race.ts";
import { atMost, comparedLines, type Effort, type Section } from "../section.ts";
import type { Subject } from "../subject.ts";
import { WRITTEN_FIELD } from "../world.ts";

/** The same operations in a vault with ten times the customers. */
export async function growth(arena: Arena, effort: Effort): Promise<Section[]> {
  await using small = await arena.openSmall();
  const load = ({ services }: Subject, id: CustomerId) => services.customers.get(id);
  const history = ({ services }: Subject, id: CustomerId) => services.fields.history(id, WRITTEN_FIELD, { limit: 20 });
  const write = ({ services }: Subject, id: CustomerId) =>
    services.fields.write(id, { fields: [{ name: WRITTEN_FIELD, value: "Clerk", source: "user_provided" }] });
  return [
    await measure({ arena, small, effort }, "growth, cold profile load", load),
    await measure({ arena, small, effort }, "growth, history page", history),
    await measure({ arena, small, effort }, "growth, field write", write),
  ];
}

async function measure(
  { arena, small, effort }: { readonly arena: Arena; readonly small: SmallVault; readonly effort: Effort },
  operation: string,
  operate: (subject: Subject, customerId: CustomerId) => Promise<unknown>,
): Promise<Section> {
  const contestant = (subject: Subject, ids: readonly CustomerId[]): Contestant => ({
    name: `${ids.length} customers`,
    call: (index) => operate(subject, ids[index % ids.length] as CustomerId),
  });
  const large = contestant(arena.subject, arena.world.customerIds);
  const figures = await race([contestant(small.subject, small.customerIds), large], { ...effort, inFlight: 1 });
  return {
    operation,
    engine: arena.engine,
    inFlight: 1,
    lines: comparedLines(figures, (line) => (line.name === large.name ? [atMost("time", line.ratio, 1.3)] : [])),
    notes: [],
  };
}
