import { createHash } from "node:crypto";
import {
  type BuiltRegister,
  buildRegister,
  type DocketPlan,
  frameBytes,
  seededKey,
  type TestKey,
  type TransactionPlan,
} from "../vectors/naive-register-builder.ts";
import type { Charter } from "../vectors/naive-register-records.ts";
import { CHARTER_OF_SAMPLE, event, KEYS, keyChange } from "../vectors/register-sample.ts";

/* Valid registers to tamper with: of both algorithms, of 1 to 50 dockets, most of them with a change of keys. */

/** A number from 0 to one below what is given. */
export type Draw = (below: number) => number;

export interface Chain {
  readonly charter: Charter;
  readonly plan: readonly DocketPlan[];
  readonly register: BuiltRegister;
  /** Its dockets, by height. */
  readonly bytes: readonly Uint8Array[];
  /** Where the key of the first sealer makes way for the next one; undefined when it does not. */
  readonly rotation: number | undefined;
  /** The register of another charter with the same keys that tells of the same. */
  readonly other: readonly Uint8Array[];
}

export const ATTACKERS: readonly TestKey[] = [KEYS.stranger, seededKey("p256", "7".repeat(64), ["docket", "tx"])];

const { sealer, successor, clerk, writer, notary } = KEYS;

interface Shape {
  readonly seed: number;
  readonly dockets: number;
  readonly transactionsMax: number;
}

/** Numbers that follow from a seed. */
function drawing(seed: number): Draw {
  let count = 0;
  return (below) => {
    const hash = createHash("sha256").update(`${seed} ${count}`).digest();
    count += 1;
    return hash.readUInt32BE() % below;
  };
}

function planOf({ seed, dockets, transactionsMax }: Shape, charter: Charter, rotation: number | undefined) {
  const draw = drawing(seed);
  const [first, next] = charter.keys[0]?.alg === "ed25519" ? [sealer, successor] : [successor, sealer];
  return Array.from({ length: dockets }, (_, height): DocketPlan => {
    const own = rotation !== undefined && height > rotation ? next : first;
    const signers = [[own], [clerk], [writer], [writer, own], [clerk, writer, own]] as const;
    const transactions: TransactionPlan[] = Array.from({ length: 1 + draw(transactionsMax) }, (__, at) => {
      return event(100 * height + at, ...(signers[draw(signers.length)] ?? [own]));
    });
    if (height === 0) transactions.unshift({ signers: [own], body: { type: "genesis", createdAt: 0, charter } });
    const change = 100 * height + 99;
    if (height === rotation) transactions.push(keyChange(change, [{ add: next.record }], [own, writer]));
    if (rotation !== undefined && height === rotation + 1) {
      transactions.unshift(keyChange(change, [{ end: first.record.keyId, reason: "revoked" }], [own, first]));
    }
    const header = { epoch: String(height >> 1), sealedAt: 1_000 * height };
    return { sealer: own, header, transactions };
  });
}

function charterOf(seed: number, nonce: string): Charter {
  const first = seed % 2 === 0 ? sealer : successor;
  const keys = [first, clerk, writer, notary].map(({ record }) => record);
  return { ...CHARTER_OF_SAMPLE, keys, nonce: nonce.repeat(64) };
}

function chainOf(shape: Shape): Chain {
  const { seed, dockets } = shape;
  const rotation = dockets > 2 && seed % 5 !== 0 ? seed % (dockets - 2) : undefined;
  const [charter, otherCharter] = [charterOf(seed, "c"), charterOf(seed, "d")];
  const plan = planOf(shape, charter, rotation);
  const register = buildRegister(charter, plan);
  const other = buildRegister(otherCharter, planOf(shape, otherCharter, rotation));
  return {
    charter,
    plan,
    register,
    bytes: register.dockets.map(frameBytes),
    rotation,
    other: other.dockets.map(frameBytes),
  };
}

const SIZES: readonly (readonly [dockets: number, transactionsMax: number])[] = [
  [1, 1],
  [1, 4],
  [2, 2],
  [2, 3],
  [3, 1],
  [3, 2],
  [3, 3],
  [4, 1],
  [4, 2],
  [4, 3],
  [5, 2],
  [6, 2],
  [7, 1],
  [2, 20],
  [8, 2],
  [13, 2],
  [27, 1],
  [50, 1],
];

/** Up to where chains are drawn when every docket behind a change is made again. */
export const SMALL = 13;
const built = new Map<number, Chain>();

/** One of the chains; the same one again for the same number. */
export function chainAt(at: number): Chain {
  const [dockets = 1, transactionsMax = 1] = SIZES[at % SIZES.length] ?? [];
  const chain = built.get(at) ?? chainOf({ seed: at, dockets, transactionsMax });
  built.set(at, chain);
  return chain;
}

/** The large ones are drawn less often. */
export function drawChain(draw: Draw, sizes: number = SIZES.length): Chain {
  const at = draw(8) === 0 ? draw(sizes) : draw(Math.min(sizes, SMALL));
  return chainAt(at + SIZES.length * draw(2));
}
