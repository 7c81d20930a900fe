import type { Clock } from "../../clock.ts";
import type { IdGenerator } from "../../identifiers.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import { type Charter, registerIdOf } from "../ledger/charter.ts";
import type { LedgerLog } from "../ledger-log/ledger-log.ts";
import type { PinnedCheckpoints } from "../trust/pinned-checkpoints.ts";
import { stateOfCharter } from "../verification/chain-state.ts";
import { assembleDocket } from "./assemble-docket.ts";
import type { LedgerKeys } from "./ledger-keys.ts";

const NONCE_BYTES = 32;

/**
 * Begins a register: its charter is the first transaction of its first docket. It is nobody's until the caller has written
 * down that it is the tenant's, so one that was begun in vain does no harm.
 */
export async function createRegister(options: {
  readonly keys: LedgerKeys;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly ledgerOf: (registerId: string) => LedgerLog;
  readonly pinsOf: (registerId: string) => Promise<PinnedCheckpoints>;
}): Promise<string> {
  const { keys, clock, ids, ledgerOf, pinsOf } = options;
  const { signer, records } = await keys.first();
  const now = Date.parse(clock.now());
  const nonce = hexOf(ids.bytes(NONCE_BYTES));
  const charter: Charter = { v: 1, hashAlg: "sha256", createdAt: now, keys: records, nonce };
  const registerId = registerIdOf(charter);
  const docket = assembleDocket(stateOfCharter(registerId, charter), {
    transactions: [{ type: "genesis", createdAt: now, charter }],
    signer,
    epoch: 0n,
    sealedAt: now,
  });
  await (await pinsOf(registerId)).keepCharter(charter);
  await ledgerOf(registerId).append(docket, docket.sealedAt);
  return registerId;
}
