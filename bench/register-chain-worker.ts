import { parentPort, workerData } from "node:worker_threads";
import { assembleDocket } from "../src/register/sealing/assemble-docket.ts";
import { emptyLedger, eventDraft, withDocket } from "../src/testing/ledger-chain.ts";
import type { ChainPlan, MadeChain } from "./register-chain.ts";

const { seed, dockets: count, transactions } = workerData as ChainPlan;
const draftsOf = (height: number) =>
  Array.from({ length: transactions }, (_, at) => eventDraft(`${seed}/${height}/${at}`));
const first = withDocket(emptyLedger(seed), draftsOf(0).slice(1));
const dockets = first.dockets.map(({ bytes }) => bytes);
let { state } = first;
while (dockets.length < count) {
  const draft = { signer: first.signer, epoch: 1n, sealedAt: 0, transactions: draftsOf(dockets.length) };
  const docket = assembleDocket(state, draft);
  dockets.push(docket.bytes);
  state = docket.state;
}
const { charter, registerId } = first;
const chain: MadeChain = { charter, registerId, dockets };
parentPort?.postMessage(
  chain,
  dockets.map(({ buffer }) => buffer),
);
