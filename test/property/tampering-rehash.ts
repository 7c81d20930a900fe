import { naiveRoot } from "../vectors/naive-merkle-tree.ts";
import { signatureBy, type TestKey } from "../vectors/naive-register-builder.ts";
import type { Frame } from "../vectors/naive-register-frame.ts";
import { signedMessage } from "../vectors/naive-register-keys.ts";
import { canonical, hexOf, naiveHash, type Signature } from "../vectors/naive-register-records.ts";
import { ATTACKERS } from "./tampering-chains.ts";
import { parsed, withMember } from "./tampering-json.ts";
import { type Tamper, withFrames } from "./tampering-outsiders.ts";

/* What somebody without keys can do who knows how everything is computed. */

/** What an attacker makes right again of all that follows from a changed record, as far as that can be done without a key. */
interface By {
  readonly isWithIds: boolean;
  /** The first height whose header is left alone. */
  readonly end: number;
  /** Who seals, and signs what was changed: nobody anew, an attacker under the names of the keys, or under a name of their own. */
  readonly signer: "nobody" | "forger" | "stranger";
  readonly attacker: TestKey;
}

function repaired(frames: readonly Frame[], from: number, repair: By): Frame[] {
  const made = frames.slice(0, from);
  let lastId = made.at(-1)?.ids.at(-1);
  for (const frame of frames.slice(from)) {
    if (made.length >= repair.end) {
      made.push(frame);
      continue;
    }
    const signed = repair.isWithIds ? resigned(frame, lastId, repair) : frame;
    lastId = signed.ids.at(-1);
    made.push(resealed(signed, made, repair));
  }
  return made;
}

function resealed(frame: Frame, before: readonly Frame[], { attacker, signer }: By): Frame {
  const last = before.at(-1);
  const header = canonical({
    ...(parsed(frame.header) as object),
    ...(last && { prevDocketHash: hexOf(last.hash) }),
    logRoot: hexOf(naiveRoot(before.map(({ hash }) => hash))),
    txRoot: hexOf(naiveRoot(frame.records)),
    txCount: frame.records.length,
    ...(signer === "stranger" && { proposer: attacker.record.keyId }),
  });
  const hash = naiveHash("docket", header);
  const seal = parsed(frame.seal) as unknown as Signature;
  return {
    ...frame,
    header,
    hash,
    seal: canonical(signedBy(seal, signedMessage("docket", hash), { attacker, signer })),
  };
}

function signedBy(
  own: Signature,
  message: Uint8Array,
  { attacker, signer }: Pick<By, "attacker" | "signer">,
): Signature {
  if (signer === "nobody") return own;
  const forged = signatureBy(attacker, message);
  return signer === "stranger" ? forged : { ...own, sig: forged.sig };
}

/** The transactions with the ids that they now have, each naming the one before. */
function resigned(frame: Frame, before: Uint8Array | undefined, by: By): Frame {
  const [ids, records]: [Uint8Array[], Uint8Array[]] = [[], []];
  let prevTxId = before;
  for (const record of frame.records) {
    const { body, signatures } = parsed(record) as unknown as { body: object; signatures: Signature[] };
    const own = signatures[0] as Signature;
    const sender = by.signer === "stranger" ? { sender: by.attacker.record.keyId } : {};
    const changed = { ...body, ...(prevTxId && { prevTxId: hexOf(prevTxId) }), ...sender };
    const id = naiveHash("tx", canonical(changed));
    const signature = signedBy(own, signedMessage("tx", id), by);
    records.push(canonical({ body: changed, signatures: [signature, ...signatures.slice(1)] }));
    ids.push(id);
    prevTxId = id;
  }
  return { ...frame, ids, records };
}

/** The transaction at a place says something else, and all that follows from that is made again. */
export const REHASH: readonly Tamper[] = (["nobody", "forger", "stranger"] as const).flatMap((signer) =>
  [true, false].map(
    (isWithIds): Tamper =>
      (chain, draw) => {
        const frames = chain.register.dockets;
        const from = draw(frames.length);
        const frame = frames[from] as Frame;
        const at = draw(frame.records.length);
        const records = frame.records.map((record, place) => {
          if (place !== at) return record;
          const says = [{ createdAt: 7 }, { createdAt: 7 + draw(1_000) }, { subject: "a".repeat(64) }][draw(3)];
          const { body } = parsed(record) as unknown as { body: object };
          return withMember(record, ["body"], { ...body, ...says });
        });
        const attacker = ATTACKERS[draw(ATTACKERS.length)] as TestKey;
        const end = draw(2) === 0 ? from + 1 : frames.length;
        return withFrames(
          chain,
          repaired(frames.with(from, { ...frame, records }), from, { isWithIds, end, signer, attacker }),
        );
      },
  ),
);
