import {
  type BuiltRegister,
  buildRegister,
  type DocketPlan,
  frameBytes,
  otherS,
  signatureBy,
  type TestKey,
  type TransactionPlan,
} from "../vectors/naive-register-builder.ts";
import type { Header } from "../vectors/naive-register-records.ts";
import { event, KEYS } from "../vectors/register-sample.ts";
import { type Chain, type Draw, drawChain } from "./tampering-chains.ts";
import type { Tampered } from "./tampering-verdicts.ts";

/* What those can do who hold the keys of the register: make another one of it from some height on, rightly or wrongly. */

/** What is planned at a height instead; undefined where it cannot be. */
type Deviation = (plan: DocketPlan, chain: Chain, height: number) => DocketPlan | undefined;

const header =
  (members: (chain: Chain, height: number) => Readonly<Record<string, unknown>> | undefined): Deviation =>
  (plan, chain, height) => {
    const changed = members(chain, height);
    return changed && { ...plan, header: { ...plan.header, ...changed } };
  };

const last =
  (change: (plan: TransactionPlan, chain: Chain, height: number) => Partial<TransactionPlan> | undefined): Deviation =>
  (plan, chain, height) => {
    const transaction = plan.transactions.at(-1);
    const changed = transaction && change(transaction, chain, height);
    return changed && { ...plan, transactions: plan.transactions.with(-1, { ...transaction, ...changed }) };
  };

const body = (members: Readonly<Record<string, unknown>>): Deviation =>
  last((plan) => ({ body: { ...plan.body, ...members } }));

function headerAt({ register }: Chain, height: number): Header | undefined {
  const record = register.dockets[height]?.header;
  return record && (JSON.parse(Buffer.from(record).toString()) as Header);
}

const { sealer, successor, clerk, notary, stranger } = KEYS;

/** The key that is not valid at a height because it is to come, or because it has ended. */
function untimely({ charter, rotation }: Chain, height: number): TestKey | undefined {
  const [first, next] = charter.keys[0]?.alg === "ed25519" ? [sealer, successor] : [successor, sealer];
  if (rotation === undefined || height <= rotation) return next;
  return height > rotation + 1 ? first : undefined;
}

const other = Buffer.from("another message");

/** Other registers, as valid as the one. */
const FORKS: readonly Deviation[] = [
  header((_, height) => ({ sealedAt: 1_000 * height + 1 })),
  header((_, height) => ({ epoch: String((height >> 1) + 1) })),
  (plan) => ({ ...plan, transactions: [...plan.transactions, event(98, clerk)] }),
];

/** Dockets that are wrong by themselves. */
const WRONG: readonly Deviation[] = [
  header(() => ({ txRoot: "0".repeat(64) })),
  header((chain, height) => ({ txCount: (headerAt(chain, height)?.txCount ?? 0) + 1 })),
  header((_, height) => ({ height: String(height + 1) })),
  header((_, height) => ({ height: String(height - 1) })),
  header(() => ({ height: "9223372036854775807" })),
  header(() => ({ registerId: "0".repeat(32) })),
  header(() => ({ proposer: clerk.record.keyId })),
  header(() => ({ policyVersion: 2 })),
  header(() => ({ note: "x" })),
  (plan, chain, height) => {
    const key = untimely(chain, height);
    return key && { ...plan, sealer: key };
  },
  (plan) => ({ ...plan, sealer: clerk }),
  (plan) => ({ ...plan, sealer: stranger }),
  (plan) => ({ ...plan, forge: () => signatureBy(plan.sealer, other) }),
  (plan) => ({ ...plan, forge: (seal) => otherS(seal) }),
  (plan) => ({ ...plan, forge: (seal) => ({ ...seal, alg: seal.alg === "p256" ? "ed25519" : "p256" }) }),
  last((_, chain, height) => {
    const key = untimely(chain, height);
    return key && { signers: [key] };
  }),
  last(({ signers }) => ({ signers: [...signers, stranger] })),
  last(() => ({ signers: [notary] })),
  last(() => ({
    forge: ([own]) => (own ? [own, signatureBy(own.keyId === clerk.record.keyId ? sealer : clerk, other)] : []),
  })),
  last(() => ({ forge: (own) => own.map(otherS) })),
  last(() => ({ forge: (own) => own.map((one) => ({ ...one, alg: one.alg === "p256" ? "ed25519" : "p256" })) })),
  last(() => ({ forge: (own) => [...own, ...own] })),
  last(() => ({ forge: () => [] })),
  last(() => ({ rewrite: (record) => record.replace(",", ", ") })),
  last(() => ({ rewrite: (record) => `${record}${" ".repeat(65_536)}` })),
  last(() => ({ rewrite: (record) => record.replace('"v":1', `"v":${"[".repeat(9_000)}${"]".repeat(9_000)}`) })),
  body({ createdAt: 2 ** 53 }),
  body({ registerId: "0".repeat(32) }),
  body({ eventType: "Event" }),
  body({ note: "x" }),
  body({ type: "genesis" }),
  body({ keys: [] }),
  body({ sender: stranger.record.keyId }),
];

/** Dockets that do not follow on those before them, which excludes all behind. */
const BREAKS: readonly Deviation[] = [
  header((chain, height) => {
    const before = headerAt(chain, height - 1);
    return before && before.epoch !== "0" ? { epoch: String(BigInt(before.epoch) - 1n) } : undefined;
  }),
  header((chain, height) => {
    const before = headerAt(chain, height - 1);
    return before && before.sealedAt > 0 ? { sealedAt: before.sealedAt - 1 } : undefined;
  }),
  header(() => ({ logRoot: "0".repeat(64) })),
  header((_, height) => (height === 0 ? undefined : { prevDocketHash: "0".repeat(64) })),
  (plan, chain, height) => {
    const ids = chain.register.dockets[height]?.ids.length ?? 0;
    return ids > 1 || height > 0 ? body({ prevTxId: "0".repeat(64) })(plan, chain, height) : undefined;
  },
];

const registers = new Map<string, BuiltRegister>();

interface Deviated {
  readonly chain: Chain;
  readonly from: number;
  readonly register: BuiltRegister;
}

/** A chain made otherwise from some height on; undefined where the deviation cannot be. */
function deviated(deviations: readonly Deviation[], draw: Draw): Deviated | undefined {
  const chain = drawChain(draw, 12);
  const [from, kind] = [draw(chain.plan.length), draw(deviations.length)];
  const plan = chain.plan[from];
  const changed = plan && deviations[kind]?.(plan, chain, from);
  if (!changed) return undefined;
  const name = `${chain.register.registerId} ${chain.plan.length} ${from} ${kind} ${deviations.length}`;
  const register = registers.get(name) ?? buildRegister(chain.charter, chain.plan.with(from, changed));
  registers.set(name, register);
  return { chain, from, register };
}

const rendered = new WeakMap<BuiltRegister, readonly Uint8Array[]>();

function bytesOf(register: BuiltRegister): readonly Uint8Array[] {
  const bytes = rendered.get(register) ?? register.dockets.map(frameBytes);
  rendered.set(register, bytes);
  return bytes;
}

export type Inside = (draw: Draw) => { readonly chain: Chain; readonly tampered: Tampered } | undefined;

export const drawFork: Inside = (draw) => {
  const found = deviated(FORKS, draw);
  if (!found) return undefined;
  const { chain, from, register } = found;
  const bytes = bytesOf(register);
  const isMixed = draw(2) === 0;
  const dockets = chain.bytes.map((own, at) => (at < from || (isMixed && draw(2) === 0) ? own : bytes[at]));
  return { chain, tampered: { dockets, wrong: [] } };
};

export const drawWrong: Inside = (draw) => {
  const found = deviated(WRONG, draw);
  return found && { chain: found.chain, tampered: { dockets: bytesOf(found.register), wrong: [found.from] } };
};

export const drawBreak: Inside = (draw) => {
  const found = deviated(BREAKS, draw);
  if (!found) return undefined;
  const { chain, from, register } = found;
  const wrong = [...chain.bytes.keys()].filter((height) => height >= from);
  return { chain, tampered: { dockets: bytesOf(register), wrong } };
};
