import { commitment } from "./naive-disclosure.ts";
import { base64url, type DocketPlan, seededKey, type TestKey, type TransactionPlan } from "./naive-register-builder.ts";
import { type Charter, canonical, hexOf, naiveRegisterId } from "./naive-register-records.ts";

/*
 * The register of the vectors: six dockets, in which the key of the first sealer is replaced by one of the other
 * algorithm. Docket 1 adds the successor, docket 2 ends the sealer.
 */

const seed = (digit: string) => digit.repeat(64);

export const KEYS = {
  sealer: seededKey("ed25519", seed("1"), ["docket", "tx"]),
  clerk: seededKey("ed25519", seed("2"), ["tx"]),
  writer: seededKey("p256", seed("3"), ["tx"]),
  notary: seededKey("ed25519", seed("4"), ["checkpoint"]),
  successor: seededKey("p256", seed("5"), ["docket", "tx"]),
  stranger: seededKey("ed25519", seed("6"), ["docket", "tx"]),
} as const;
const { sealer, clerk, writer, notary, successor } = KEYS;

const START = 1_767_225_600_000;

export const CHARTER_OF_SAMPLE: Charter = {
  createdAt: START,
  hashAlg: "sha256",
  keys: [sealer.record, clerk.record, writer.record, notary.record],
  nonce: seed("a"),
  v: 1,
};

/** A charter of the same keys that gives another register. */
export const OTHER_CHARTER: Charter = { ...CHARTER_OF_SAMPLE, nonce: seed("b") };

/** The secrets that the commitments of the sample are made with. */
export const SECRETS = {
  /** Of the customer. */
  s: Buffer.from(seed("c"), "hex"),
  /** Of the version of the value. */
  k: Buffer.from(seed("d"), "hex"),
};

export const ITEM_ID = "0b9d2d8e-5a51-4c0e-9d5d-0f5a3b1c7e10";
const CUSTOMER_ID = "0b9d2d8e-5a51-4c0e-9d5d-0f5a3b1c7e0f";
const PARENT_ID = "0b9d2d8e-5a51-4c0e-9d5d-0f5a3b1c7e11";
export const VALUE = "12 Example Street, Zürich";

/** The event whose transaction has every member that one can have, and its place. */
export const FULL = { number: 3, height: 1, index: 2 } as const;
const ADVISOR: Actor = { id: "u-7", role: "advisor", type: "user" };

const eventIdOf = (number: number) => `5f0c1a52-7f3b-4f7e-8c1d-${String(number).padStart(12, "0")}`;

interface Actor {
  readonly id: string | null;
  readonly role: string | null;
  readonly type: string;
}

export interface Event {
  readonly id: string;
  readonly eventType: string;
  readonly customerId: string;
  readonly subjectId: string;
  readonly actor: Actor;
  readonly timestamp: string;
}

/** The event that the transaction with this number tells of. */
export function eventOf(number: number): Event {
  return {
    id: eventIdOf(number),
    eventType: "fact_written",
    customerId: CUSTOMER_ID,
    subjectId: ITEM_ID,
    actor: number === FULL.number ? ADVISOR : { id: null, role: null, type: "system" },
    timestamp: new Date(START + number * 1000).toISOString(),
  };
}

export function eventSecretOf({ id }: Event): Buffer {
  return commitment("event-secret", SECRETS.s, id);
}

/** The members of a transaction's body that an event gives. */
function committed(event: Event) {
  const { id, role, type } = event.actor;
  return {
    createdAt: Date.parse(event.timestamp),
    eventId: event.id,
    eventType: event.eventType,
    commitment: hexOf(commitment("event-commitment", eventSecretOf(event), canonical(event))),
    actor: { type, ...(id !== null && { id }), ...(role !== null && { role }) },
  };
}

export function event(number: number, ...signers: readonly TestKey[]): TransactionPlan {
  return { signers, body: { type: "event", ...committed(eventOf(number)) } };
}

export function keyChange(number: number, keys: readonly unknown[], signers: readonly TestKey[]): TransactionPlan {
  const { createdAt, eventId, ...rest } = committed({ ...eventOf(number), eventType: "keys_changed" });
  return { signers, body: { type: "key", createdAt, eventId, ...rest, keys } };
}

export function pseudonyms(charter: Charter) {
  const { s, k } = SECRETS;
  return {
    subject: hexOf(commitment("subject", s, naiveRegisterId(charter))),
    item: hexOf(commitment("item", s, ITEM_ID)),
    parents: [hexOf(commitment("item", s, PARENT_ID))],
    value: base64url(commitment("value-commitment", k, canonical([ITEM_ID, VALUE]))),
  };
}

function fullEvent(charter: Charter): TransactionPlan {
  const plan = event(FULL.number, writer, clerk);
  return { ...plan, body: { ...plan.body, ...pseudonyms(charter) } };
}

const docket = (key: TestKey, epoch: string, transactions: readonly TransactionPlan[]) => ({
  key,
  epoch,
  transactions,
});

export function planOf(charter: Charter): readonly DocketPlan[] {
  const genesis = { signers: [sealer], body: { type: "genesis", createdAt: START, charter } };
  const rotation = keyChange(2, [{ add: successor.record }], [sealer, writer]);
  const retirement = keyChange(6, [{ end: sealer.record.keyId, reason: "retired" }], [sealer, clerk]);
  const dockets = [
    docket(sealer, "1", [genesis, event(0, writer)]),
    docket(sealer, "1", [event(1, sealer), rotation, fullEvent(charter), event(4, clerk), event(5, sealer)]),
    docket(sealer, "2", [retirement, event(7, writer)]),
    docket(successor, "3", [event(8, writer), event(9, successor), event(10, clerk)]),
    docket(successor, "3", [event(11, successor, writer)]),
    docket(successor, "4", [event(12, clerk), event(13, successor), event(14, writer)]),
  ];
  return dockets.map(({ key, epoch, transactions }, height) => {
    return { sealer: key, header: { epoch, sealedAt: START + (height + 1) * 60_000 }, transactions };
  });
}
