import type { ChainState } from "../verification/chain-state.ts";
import { judgeStored, planVerification } from "./open-register.ts";
import { docketOf } from "./verified-docket.ts";
import type { VerifiedRegister } from "./verified-register.ts";

/*
 * After a repair, what was damaged only because of what came before it may be good, and the reverse. To be called in the
 * register's turn; what is verified is served meanwhile.
 */

/** Judges every docket anew. */
export async function judgeAgain(register: VerifiedRegister): Promise<void> {
  const plan = await planVerification(register.parts, true);
  await judgeFrom(register, plan.start, plan);
}

/** Judges what comes behind the sound state, unless the next docket there is none that could follow. */
export async function judgeWhatFollows(register: VerifiedRegister): Promise<void> {
  const { sound } = register.set;
  const { size } = sound.frontier;
  if (register.set.rangeAt(size) === undefined) return;
  const next = await register.parts.ledger.read(size);
  const docket = next && docketOf(next, register.parts.clock.now());
  if (docket?.previousHash !== (sound.framedHash ?? null)) return;
  await judgeFrom(register, sound, await planVerification(register.parts, true));
}

async function judgeFrom(
  register: VerifiedRegister,
  start: ChainState,
  plan: Awaited<ReturnType<typeof planVerification>>,
): Promise<void> {
  const { total } = plan;
  const verdict = await judgeStored(register.parts, { ...plan, start });
  const before = register.set.ranges.filter(({ end }) => end < start.frontier.size);
  const ranges = [...before, ...verdict.ranges];
  register.condition.replace(register.set.with({ total, examined: total, ranges, sound: verdict.sound }));
}
