import { invariant } from "../../errors.ts";
import { type FittingSuffix, fitSuffix } from "../recovery/fit-suffix.ts";
import { type RefusedDocket, refused } from "../recovery/recovered-data.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { catchUp } from "../verified/catch-up.ts";
import { docketIndexOf } from "../verified/docket-index.ts";
import { nodesByHeight } from "../verified/tree-nodes.ts";
import { docketOf, type VerifiedDocket } from "../verified/verified-docket.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";

/**
 * Adds dockets that somebody else sealed to the end of a register: verified on other threads, appended in one step, then
 * served. Resolves to why not all of them were added.
 *
 * @param dockets ascending without a gap, from the register's end on
 */
export function appendCopied(
  register: VerifiedRegister,
  dockets: readonly DocketBytes[],
): Promise<RefusedDocket | undefined> {
  return register.inTurn(async () => {
    await catchUp(register);
    const { total, isExtendable } = register.set;
    const piece = dockets.filter(({ height }) => height >= total);
    if (!isExtendable || (piece[0] && piece[0].height > total)) {
      return refused(total, "early", "Dockets before these are missing.");
    }
    const fit = await fitSuffix(register, piece, { trusted: [] });
    return (await publish(register, fit)) ? fit.refused : refused(total, "early", "Another process has added dockets.");
  });
}

/** False, without effect, when another process was faster. */
async function publish(register: VerifiedRegister, fit: FittingSuffix): Promise<boolean> {
  if (fit.fitting.length === 0) return true;
  const { parts, condition } = register;
  const verifiedAt = parts.clock.now();
  const dockets = fit.fitting.map(({ bytes }): VerifiedDocket => {
    const docket = docketOf(bytes, verifiedAt);
    invariant(docket, "a docket that was verified can be read");
    return docket;
  });
  const sealed = dockets.map(({ height, bytes, header }) => ({ height, bytes, sealedAt: header.sealedAt }));
  const outcome = await parts.ledger.appendMany(sealed);
  if (outcome !== "appended" && outcome !== "present") return false;
  const nodes = nodesByHeight(fit.nodes);
  for (const { height, bytes } of dockets) {
    await parts.store.index(docketIndexOf(height, bytes, nodes.get(height) ?? []));
  }
  // Readers may have met damage meanwhile.
  const { set } = register;
  const total = set.total + BigInt(dockets.length);
  condition.replace(set.with({ total, examined: total, sound: fit.state }));
  return true;
}
