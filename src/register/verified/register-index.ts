import { IndexKeeper } from "./index-keeper.ts";
import { readDockets } from "./register-reads.ts";
import type { VerifiedRegister } from "./verified-register.ts";

const STEP = 64n;

/**
 * Takes into the index what was added to the ledger and not to the index, because a process ended in between or the
 * index was restored from an older backup. To be called in the register's turn. Of a damaged docket nothing is taken in.
 */
export async function indexMissing(register: VerifiedRegister): Promise<void> {
  const { parts, set } = register;
  const indexed = await parts.store.indexedCount();
  if (indexed >= set.sound.frontier.size) return;
  const keeper = await IndexKeeper.open(parts);
  for (let from = indexed; from < set.sound.frontier.size; from += STEP) {
    const heights: bigint[] = [];
    for (let height = from; height < from + STEP && height < set.sound.frontier.size; height++) heights.push(height);
    const dockets = await readDockets(register, heights);
    await keeper.keep(
      dockets.map(({ height, bytes, frame }) => {
        return { height, bytes, problem: undefined, transactionCount: frame.records.length };
      }),
    );
  }
}
