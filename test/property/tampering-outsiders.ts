import { frameBytes, otherS, signatureBy, type TestKey } from "../vectors/naive-register-builder.ts";
import type { Frame } from "../vectors/naive-register-frame.ts";
import { canonical, naiveHash, type Signature } from "../vectors/naive-register-records.ts";
import { ATTACKERS, type Chain, type Draw } from "./tampering-chains.ts";
import { altered, parsed, rewritten, withMember } from "./tampering-json.ts";
import type { Tampered } from "./tampering-verdicts.ts";

/* What somebody can do who can write all bytes and holds no key of the register. */

export type Tamper = (chain: Chain, draw: Draw) => Tampered;

function framesOf({ register }: Chain): Frame[] {
  return [...register.dockets];
}

/** The dockets of a chain with some of their frames changed. */
export function withFrames(chain: Chain, frames: readonly (Frame | undefined)[]): Tampered {
  const dockets = frames.map((frame, at) => {
    return frame === chain.register.dockets[at] ? chain.bytes[at] : frame && frameBytes(frame);
  });
  return { dockets };
}

type ChangeFrame = (frame: Frame, draw: Draw, chain: Chain) => Partial<Frame>;

const inFrame =
  (change: ChangeFrame): Tamper =>
  (chain, draw) => {
    const frames = framesOf(chain);
    const at = draw(frames.length);
    const frame = frames[at] as Frame;
    frames[at] = { ...frame, ...change(frame, draw, chain) };
    return withFrames(chain, frames);
  };

/** The items with that at a place changed. */
function changedAt<T>(items: readonly T[], place: number, change: (item: T) => T): T[] {
  return items.map((item, at) => (at === place ? change(item) : item));
}

const inRecord = (change: (record: Uint8Array, draw: Draw) => Uint8Array): ChangeFrame => {
  return ({ records }, draw) => {
    return { records: changedAt(records, draw(records.length), (record) => change(record, draw)) };
  };
};

/** A signature in another record altered. */
function alteredSignature(record: Uint8Array, path: readonly (string | number)[], draw: Draw): Buffer {
  const signature = path.reduce((inner, name) => Reflect.get(Object(inner), name) as never, parsed(record)) as never;
  const own = signature as Signature;
  const attacker = ATTACKERS[draw(ATTACKERS.length)] as TestKey;
  const others: readonly unknown[] = [
    { ...own, alg: own.alg === "p256" ? "ed25519" : "p256" },
    { ...own, keyId: attacker.record.keyId },
    { ...own, sig: signatureBy(attacker, Buffer.from("x")).sig },
    { ...own, alg: attacker.record.alg, sig: signatureBy(attacker, Buffer.from("x")).sig },
    signatureBy(attacker, Buffer.from("x")),
    otherS(own),
    { ...own, sig: Buffer.alloc(64, draw(256)).toString("base64url") },
    { ...own, sig: Buffer.from(own.sig, "base64url").reverse().toString("base64url") },
    { ...own, sig: `${own.sig}==` },
    { ...own, sig: own.sig.slice(0, -1) },
    { ...own, sig: own.sig.slice(0, -1) + String.fromCharCode(own.sig.charCodeAt(85) + 1) },
  ];
  const other = others[draw(others.length)];
  return path.length === 0 ? canonical(other) : withMember(record, path, other);
}

const signatureIn = (record: Uint8Array, draw: Draw): Buffer => {
  const { signatures } = parsed(record) as unknown as { signatures: unknown[] };
  const at = draw(signatures.length);
  const kind = draw(6);
  if (kind > 1) return alteredSignature(record, ["signatures", at], draw);
  const left = kind === 0 ? signatures.toSpliced(at, 1) : [...signatures, signatures[at]];
  return withMember(record, ["signatures"], left);
};

/** Every field of every record, in a form that may be right and in one that is not. */
export const FIELDS: readonly Tamper[] = [
  inFrame(({ header }, draw) => ({ header: altered(header, draw) })),
  inFrame(({ header }, draw) => ({ header: rewritten(header, draw) })),
  inFrame(({ header }, draw) => {
    const other = altered(header, draw);
    return { header: other, hash: naiveHash("docket", other) };
  }),
  inFrame(({ seal }, draw) => ({ seal: altered(seal, draw) })),
  inFrame(({ seal }, draw) => ({ seal: rewritten(seal, draw) })),
  inFrame(({ seal }, draw) => ({ seal: alteredSignature(seal, [], draw) })),
  inFrame(inRecord(altered)),
  inFrame(inRecord(altered)),
  inFrame(inRecord(rewritten)),
  inFrame(inRecord(signatureIn)),
  inFrame(({ ids }, draw) => ({ ids: changedAt(ids, draw(ids.length), (id) => turned(id, draw)) })),
  inFrame(({ hash }, draw) => ({ hash: turned(hash, draw) })),
  inFrame(({ records }, draw) => {
    const spaces = Buffer.alloc([1, 4_096, 65_536][draw(3)] ?? 1, " ");
    return { records: changedAt(records, draw(records.length), (record) => Buffer.concat([record, spaces])) };
  }),
  inFrame(({ header, seal }, draw) => {
    const spaces = Buffer.alloc([1, 4_096, 70_000][draw(3)] ?? 1, " ");
    return draw(2) === 0 ? { header: Buffer.concat([header, spaces]) } : { seal: Buffer.concat([seal, spaces]) };
  }),
];

/** The bytes with one bit turned. */
function turned(bytes: Uint8Array, draw: Draw): Buffer {
  const [place, bit] = [draw(bytes.length), draw(8)];
  return Buffer.from(bytes.map((byte, at) => (at === place ? byte ^ (1 << bit) : byte)));
}

/** The order of transactions, and which there are. */
function moved<T>(items: readonly T[], { kind, from, to }: { kind: number; from: number; to: number }, put: T): T[] {
  const item = items[from] as T;
  const kinds: readonly (() => T[])[] = [
    () => items.toSpliced(from, 1),
    () => items.toSpliced(to, 0, item),
    () => items.with(from, items[to] as T).with(to, item),
    () => items.toSpliced(from, 1).toSpliced(to, 0, item),
    () => items.with(from, put),
    () => items.toSpliced(to, 0, put),
    () => [],
    () => items.toReversed(),
  ];
  return kinds[kind]?.() ?? [...items];
}

const order =
  (parts: "ids" | "records" | "both", isForeign: boolean): ChangeFrame =>
  ({ ids, records }, draw, { register, other }) => {
    const [kind, from, to] = [draw(8), draw(records.length), draw(records.length)];
    const source = register.dockets[draw(register.dockets.length)] as Frame;
    const at = draw(source.records.length);
    const foreign = isForeign ? Buffer.from(other[0] ?? []).subarray(-400) : source.records[at];
    const put = { id: source.ids[at] ?? Buffer.alloc(32), record: foreign ?? Buffer.of() };
    return {
      ...(parts !== "records" && { ids: moved(ids, { kind, from, to }, put.id) }),
      ...(parts !== "ids" && { records: moved(records, { kind, from, to }, put.record) }),
    };
  };

export const ORDER: readonly Tamper[] = [
  inFrame(order("both", false)),
  inFrame(order("both", false)),
  inFrame(order("records", false)),
  inFrame(order("ids", false)),
  inFrame(order("both", true)),
];

const swap = (dockets: readonly (Uint8Array | undefined)[], one: number, two: number) =>
  dockets.with(one, dockets[two]).with(two, dockets[one]);

/** The order of dockets, which there are, and of which register. */
export const PLACES: readonly Tamper[] = [
  ({ bytes }, draw) => ({ dockets: swap(bytes, draw(bytes.length), draw(bytes.length)) }),
  ({ bytes }, draw) => ({ dockets: bytes.with(draw(bytes.length), bytes[draw(bytes.length)] as Uint8Array) }),
  ({ bytes, other }, draw) => {
    const at = draw(bytes.length);
    return { dockets: bytes.with(at, other[at] as Uint8Array) };
  },
  ({ bytes, other }, draw) => ({
    dockets: bytes.with(draw(bytes.length), other[draw(bytes.length)] as Uint8Array),
  }),
  ({ bytes, other }, draw) => ({ dockets: [...bytes, other[draw(bytes.length)]] }),
  ({ bytes, other }, draw) => {
    const from = draw(bytes.length);
    return { dockets: [...bytes.slice(0, from), ...other.slice(from)] };
  },
  ({ bytes }, draw) => ({ dockets: [...bytes, bytes[draw(bytes.length)]] }),
  ({ bytes }, draw) => {
    const [from, count] = [draw(bytes.length), 1 + draw(3)];
    return { dockets: bytes.map((one, at) => (at >= from && at < from + count ? undefined : one)) };
  },
  ({ bytes }, draw) => ({ dockets: bytes.map((one) => (draw(2) === 0 ? undefined : one)) }),
  ({ bytes }, draw) => ({ dockets: bytes.toSpliced(draw(bytes.length), 1) }),
  ({ bytes }, draw) => ({ dockets: bytes.toSpliced(draw(bytes.length), 0, bytes[draw(bytes.length)] as Uint8Array) }),
  ({ bytes }, draw) => ({ dockets: bytes, disagreeing: [draw(bytes.length)] }),
];

const inBytes =
  (change: (bytes: Buffer, draw: Draw) => Uint8Array): Tamper =>
  ({ bytes }, draw) => {
    const times = [1, 1, 1, 2, 3][draw(5)] ?? 1;
    let dockets = bytes;
    for (let time = 0; time < times; time++) {
      const at = draw(bytes.length);
      dockets = dockets.with(at, change(Buffer.from(dockets[at] as Uint8Array), draw));
    }
    return { dockets };
  };

/** Bytes, without an idea of what they say. */
export const BYTES: readonly Tamper[] = [
  inBytes(turned),
  inBytes(turned),
  inBytes((bytes, draw) => bytes.fill(draw(256), draw(bytes.length), 1 + draw(bytes.length))),
  inBytes((bytes, draw) => bytes.subarray(0, draw(bytes.length))),
  inBytes((bytes, draw) => bytes.subarray(draw(bytes.length))),
  inBytes((bytes, draw) => Buffer.concat([bytes, Buffer.alloc(1 + draw(40), draw(256))])),
  inBytes((bytes, draw) => {
    const at = draw(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + draw(4), draw(256)), bytes.subarray(at)]);
  }),
  inBytes((bytes, draw) => {
    const at = draw(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draw(4))]);
  }),
  inBytes((bytes, draw) => {
    if (bytes.length < 40) return bytes.subarray(1);
    const at = [36, 40 + bytes.readUInt32BE(36), draw(bytes.length - 4)][draw(3)] ?? 36;
    const length = [0, 1, 1_000, 1_001, 0xffff_ffff, 0x7fff_ffff, bytes.length][draw(7)] ?? 0;
    bytes.writeUInt32BE(length, Math.min(at, bytes.length - 4));
    return bytes;
  }),
  inBytes((bytes) => Buffer.concat([bytes, bytes])),
];
