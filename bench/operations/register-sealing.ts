import { createPrivateKey, sign } from "node:crypto";
import { assembleDocket } from "../../src/register/sealing/assemble-docket.ts";
import { NODE_SIGNATURE_SUITES } from "../../src/signatures/node-signature-suites.ts";
import { eventDraft, ledgerOf } from "../../src/testing/ledger-chain.ts";
import { race } from "../race.ts";
import { atLeast, comparedLines, type Effort, type Section } from "../section.ts";

const TRANSACTIONS = 100;
const MESSAGE_BYTES = 49;
const ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Seals a docket of a hundred transactions, which is a signature for each and one over all. */
export async function registerSealing(effort: Effort): Promise<Section[]> {
  const chain = ledgerOf("bench/sealing", [TRANSACTIONS]);
  const transactions = Array.from({ length: TRANSACTIONS }, (_, at) => eventDraft(`bench/sealing/1/${at}`));
  const messages = Array.from({ length: TRANSACTIONS + 1 }, (_, at) => Buffer.alloc(MESSAGE_BYTES, at));
  const { privateKey } = NODE_SIGNATURE_SUITES.find("ed25519")?.generate() ?? { privateKey: new Uint8Array() };
  const key = createPrivateKey({ key: Buffer.concat([ED25519, privateKey]), format: "der", type: "pkcs8" });
  const figures = await race(
    [
      { name: "by hand: sign as many messages", call: async () => messages.map((message) => sign(null, message, key)) },
      {
        name: "assemble the docket",
        call: async () => assembleDocket(chain.state, { transactions, signer: chain.signer, epoch: 1n, sealedAt: 0 }),
      },
    ],
    { ...effort, inFlight: 1 },
  );
  return [
    {
      operation: `docket of ${TRANSACTIONS} transactions`,
      engine: "process",
      inFlight: 1,
      lines: comparedLines(figures, (line) =>
        line.name.startsWith("by hand") ? [] : [atLeast("throughput", 1 / line.ratio, 0.6)],
      ),
      notes: [],
    },
  ];
}
