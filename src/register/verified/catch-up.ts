import { type CorruptedHeights, withHeight } from "../verification/corruption.ts";
import { IndexKeeper } from "./index-keeper.ts";
import { judgeWhatFollows } from "./judge-again.ts";
import type { VerifiedRegister } from "./verified-register.ts";
import { verifyLedger } from "./verify-ledger.ts";

/**
 * Verifies what other processes have added since, so that the register ends where the cold tier does, and looks at what is
 * gone from there or has come back. To be called in the register's turn.
 */
export async function catchUp(register: VerifiedRegister): Promise<void> {
  const { parts, condition } = register;
  const { ledger, examiner, settings } = parts;
  const count = await takePlaces(register, await ledger.count());
  const before = register.set;
  if (count < before.total) return await reportTruncation(register, count);
  await takeReturned(register, count);
  if (count === before.total || !before.isKnownToEnd) return;
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
  // Readers may have met damage meanwhile.
  const { set } = register;
  const ranges = [...set.ranges, ...verdict.ranges];
  condition.replace(set.with({ total: count, examined: count, ranges, sound: verdict.sound }));
  if (verdict.ranges.length > 0) await register.recordRanges();
}

/**
 * A docket that was recovered before those in front of it lies beside the log. It takes its place at the end of that as soon
 * as it can, or none could ever be added behind it. Resolves to where the log ends then.
 */
async function takePlaces({ parts, reader, set }: VerifiedRegister, count: bigint): Promise<bigint> {
  const { ledger } = parts;
  let end = count;
  while (end < set.total && ledger.isRepaired(end) && !set.rangeAt(end)) {
    const [reading] = await reader.read([end], set.sound);
    if (!reading || !("docket" in reading)) break;
    const { height, bytes, header } = reading.docket;
    const outcome = await ledger.append({ height, bytes }, header.sealedAt);
    if (outcome === "taken" || outcome === "beyond") break;
    end += 1n;
  }
  return end;
}

/** Whoever can remove dockets from the end has not removed what was verified and pinned. */
async function reportTruncation(register: VerifiedRegister, count: bigint): Promise<void> {
  const { condition, set, parts, registerId } = register;
  const missing = missingFrom(count, register);
  if (missing.length === 0) return;
  const { tenantId, events, journal } = parts;
  const sizes = { pinnedSize: set.total.toString(), size: count.toString() };
  events.registerRollbackDetected({ tenantId, registerId, ...sizes });
  await journal("register_rollback_detected", { registerId, ...sizes });
  condition.replace(missing.reduce((known, range) => known.withRange(range), register.set));
  for (const { start, end } of missing) {
    for (let height = start; height <= end; height++) register.reader.forget(height);
  }
  await register.recordRanges();
}

/** The runs of heights from one on that have neither a docket nor a repair and are not known to be damaged, ascending. */
function missingFrom(count: bigint, { set, parts }: VerifiedRegister): readonly CorruptedHeights[] {
  const missing: CorruptedHeights[] = [];
  const gone = { type: "MissingData", details: "Dockets at the end are gone.", failing: [] } as const;
  for (let height = count; height < set.total; ) {
    const known = set.rangeAt(height);
    if (!known && !parts.ledger.isRepaired(height)) withHeight(missing, { ...gone, start: height, end: height });
    height = (known?.end ?? height) + 1n;
  }
  return missing;
}

/**
 * Dockets at the end that were gone may only have been late, as those of a standby are that has become the primary: what is
 * there again, and in the log, is served again. Else nothing could be sealed until somebody verifies everything.
 */
async function takeReturned(register: VerifiedRegister, count: bigint): Promise<void> {
  const { condition } = register;
  if (!(await takeVerified(register)) && !(await judgeReturned(register, count))) return;
  const isAlone = condition.see("recovery_started");
  try {
    await register.recordRanges();
  } finally {
    if (isAlone) condition.see("recovery_given_up", register.damage);
  }
}

/** Those that were verified before they were gone: whether there are any. */
async function takeVerified(register: VerifiedRegister): Promise<boolean> {
  const { set } = register;
  if (!set.isKnownToEnd || set.rangeAt(set.total - 1n)?.type !== "MissingData") return false;
  let isTaken = false;
  for (const { start, end, type } of set.ranges.toReversed()) {
    if (type !== "MissingData") continue;
    if (!(await takeReturnedOf(register, start, end))) break;
    isTaken = true;
  }
  return isTaken;
}

/** Those that were gone already when the register was opened: whether the next one is there, and was judged. */
async function judgeReturned(register: VerifiedRegister, count: bigint): Promise<boolean> {
  const { set } = register;
  const { size } = set.sound.frontier;
  if (set.isKnownToEnd || count <= size || set.rangeAt(size)?.type !== "MissingData") return false;
  await judgeWhatFollows(register);
  return register.set.sound.frontier.size > size;
}

/** From the last one down, until a batch has none: whether there was any. */
async function takeReturnedOf(register: VerifiedRegister, start: bigint, end: bigint): Promise<boolean> {
  const { condition, reader, parts } = register;
  for (let left = Number(end - start) + 1; left > 0; ) {
    const count = Math.min(parts.settings.verificationBatchSize, left);
    const heights = Array.from({ length: count }, (_, at) => start + BigInt(left - count + at));
    const readings = await reader.read(heights, register.set.sound);
    const returned = heights.filter((_, at) => "docket" in (readings[at] ?? {}));
    if (returned.length === 0) return left < Number(end - start) + 1;
    condition.replace(returned.reduce((set, height) => set.withoutHeight(height), register.set));
    left -= count;
  }
  return true;
}
