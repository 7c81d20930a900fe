import { IndexKeeper } from "./index-keeper.ts";
import type { VerifiedRegister } from "./verified-register.ts";
import { verifyLedger } from "./verify-ledger.ts";

/**
 * Verifies what other processes have added since, so that the register ends where the cold tier does. To be called in the
 * register's turn.
 */
export async function catchUp(register: VerifiedRegister): Promise<void> {
  const { parts, condition } = register;
  const { ledger, examiner, settings } = parts;
  const count = await ledger.count();
  const before = register.set;
  if (count < before.total) return await reportTruncation(register, count);
  if (count <= before.total || !before.isExtendable) return;
  const keeper = await IndexKeeper.open(parts);
  const verdict = await verifyLedger({
    ledger,
    examiner,
    start: before.sound,
    end: count,
    batchSize: settings.verificationBatchSize,
    parallelism: settings.verificationParallelism,
    onSubtree: keeper.onSubtree,
    onJudged: (judged) => keeper.keep(judged),
  });
  condition.replace(
    before.with({ total: count, examined: count, ranges: [...before.ranges, ...verdict.ranges], sound: verdict.sound }),
  );
  if (verdict.ranges.length > 0) await register.recordRanges();
}

/** Whoever can remove dockets from the end has not removed what was verified and pinned. */
async function reportTruncation(register: VerifiedRegister, count: bigint): Promise<void> {
  const { condition, set, parts, registerId } = register;
  const missing = [];
  for (let height = count; height < set.total; height++) if (!set.rangeAt(height)) missing.push(height);
  const [first] = missing;
  const last = missing.at(-1);
  if (first === undefined || last === undefined || parts.ledger.isRepaired(last)) return;
  const { tenantId, events, journal } = parts;
  const sizes = { pinnedSize: set.total.toString(), size: count.toString() };
  events.registerRollbackDetected({ tenantId, registerId, ...sizes });
  await journal("register_rollback_detected", { registerId, ...sizes });
  const details = "Dockets at the end are gone.";
  condition.replace(set.withRange({ start: first, end: last, type: "MissingData", details, failing: [] }));
  for (const height of missing) register.reader.forget(height);
  await register.recordRanges();
}
