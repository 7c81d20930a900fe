import type { Charter } from "../ledger/charter.ts";
import { EMPTY_FRONTIER, type Frontier } from "../merkle/frontier.ts";
import { KeyDirectory } from "./key-directory.ts";

/** Everything that the next docket of a register is judged by. A value. */
export interface ChainState {
  readonly registerId: string;
  /** Over the hashes of all dockets; its size is the next height. */
  readonly frontier: Frontier;
  /** What the frame of the last docket holds; `undefined` when it cannot be read, and before the first. */
  readonly framedHash: string | undefined;
  /** Of the last docket, if that is as it should be. */
  readonly lastTxId: string | undefined;
  /** Of the last docket whose seal is valid. */
  readonly lastSealed: { readonly epoch: bigint; readonly sealedAt: number } | undefined;
  readonly keys: KeyDirectory;
}

/** Of a register without dockets. */
export function stateOfCharter(registerId: string, charter: Charter): ChainState {
  return {
    registerId,
    frontier: EMPTY_FRONTIER,
    framedHash: undefined,
    lastTxId: undefined,
    lastSealed: undefined,
    keys: KeyDirectory.ofCharter(charter),
  };
}
