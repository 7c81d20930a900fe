import { invariant } from "../../errors.ts";
import type { LedgerRow } from "../ledger-log/ledger-log.ts";
import type { TreeNode } from "../register-store.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { docketIndexOf } from "../verified/docket-index.ts";
import { docketOf, type VerifiedDocket } from "../verified/verified-docket.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";

/**
 * Stores a docket that was found to belong at its height: at the end of the ledger if that is its place, else over what is
 * damaged, which stays where it is. What is as it should be already is left alone.
 */
export async function integrateDocket(
  register: VerifiedRegister,
  { height, bytes }: DocketBytes,
  { source, nodes }: { readonly source: string; readonly nodes: readonly TreeNode[] },
): Promise<VerifiedDocket> {
  const { parts, set } = register;
  const verifiedAt = parts.clock.now();
  const docket = docketOf(bytes, verifiedAt);
  invariant(docket, "a docket that was verified can be read");
  if (!(await isStored(register, docket))) {
    const reason = set.rangeAt(height)?.type ?? "MissingData";
    await parts.ledger.repair({ height, docketHash: docket.hash, source, verifiedAt, reason, bytes });
  }
  register.reader.forget(height);
  await parts.store.index(docketIndexOf(height, bytes, nodes));
  return docket;
}

/** Whether the docket is where it belongs, or could be put there. */
async function isStored({ parts: { ledger } }: VerifiedRegister, docket: VerifiedDocket): Promise<boolean> {
  const { height, bytes, header } = docket;
  if (height === (await ledger.count())) {
    const outcome = await ledger.append({ height, bytes }, header.sealedAt);
    return outcome === "appended" || outcome === "present";
  }
  const stored = await rowAt(ledger, height);
  return stored !== undefined && stored.agrees && Buffer.compare(stored.bytes, bytes) === 0;
}

async function rowAt(ledger: VerifiedRegister["parts"]["ledger"], height: bigint): Promise<LedgerRow | undefined> {
  for await (const rows of ledger.scan({ from: height, to: height, batchSize: 1 })) return rows[0];
  return undefined;
}
