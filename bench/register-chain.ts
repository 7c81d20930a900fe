import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Charter } from "../src/register/ledger/charter.ts";

/** A register that was made for a benchmark, every docket with as many transactions. */
export interface MadeChain {
  readonly charter: Charter;
  readonly registerId: string;
  /** From height 0 on. */
  readonly dockets: readonly Uint8Array[];
}

export interface ChainPlan {
  readonly seed: string;
  readonly dockets: number;
  readonly transactions: number;
}

/** Makes a register on a thread of its own, so that several are made at a time. */
export async function makeChain(plan: ChainPlan): Promise<MadeChain> {
  const worker = new Worker(new URL("./register-chain-worker.ts", import.meta.url), { workerData: plan });
  const [chain] = (await once(worker, "message")) as [MadeChain];
  return chain;
}
