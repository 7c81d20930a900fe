import { createHash } from "node:crypto";
import type { AuditEventType } from "../audit/audit-event.ts";
import { invariant } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import { DOCKETS } from "../register/ledger-log/docket-descriptor.ts";
import { DOCKET_REPAIRS } from "../register/ledger-log/docket-repair.ts";
import { LedgerLog } from "../register/ledger-log/ledger-log.ts";
import { rootOf } from "../register/merkle/frontier.ts";
import { subtreeKey } from "../register/merkle/subtree.ts";
import { formatCheckpoint } from "../register/notes/checkpoint.ts";
import { originOf } from "../register/notes/register-origin.ts";
import { formatNote, noteVerifier } from "../register/notes/signed-note.ts";
import { REGISTER_RANGES } from "../register/range-record.ts";
import type { RegisterStore, TreeNode } from "../register/register-store.ts";
import { LocalSeal } from "../register/trust/local-seal.ts";
import { type PinnedCheckpoint, PinnedCheckpoints } from "../register/trust/pinned-checkpoints.ts";
import { Snapshots } from "../register/trust/snapshot.ts";
import { InMemoryTrustStore } from "../register/trust/trust-store.ts";
import type { DocketBytes } from "../register/verification/docket-examiner.ts";
import { inlineExaminer } from "../register/verification/inline-examiner.ts";
import { DocketCache } from "../register/verified/docket-cache.ts";
import { RangeBook } from "../register/verified/range-book.ts";
import type { RegisterParts, VerificationSettings } from "../register/verified/register-parts.ts";
import { VerifiedRegister } from "../register/verified/verified-register.ts";
import { bytesOfHex, utf8 } from "../signatures/byte-text.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import { NO_REGISTER_EVENTS, type RegisterEvents } from "../telemetry/register-events.ts";
import { inMemoryStores } from "../vault/in-memory-stores.ts";
import type { Stores, TenantStores } from "../vault/stores.ts";
import { eventDraft, type LedgerChain, withDocket } from "./ledger-chain.ts";
import { ManualClock } from "./manual-clock.ts";
import { newId } from "./profile-records.ts";
import { seededIds } from "./seeded-ids.ts";
import type { KeptRow, WormStorage } from "./worm-storage.ts";

/** Something that was told or written down. */
export interface Told {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RegisterSceneOptions {
  readonly storage: WormStorage;
  readonly chain: LedgerChain;
  /** In memory when left out. */
  readonly stores?: Stores;
  readonly tenantId?: TenantId;
  readonly settings?: Partial<VerificationSettings>;
}

const SETTINGS: VerificationSettings = {
  startupStrategy: "blocking",
  blockingThreshold: 1_000,
  verificationBatchSize: 10,
  verificationParallelism: 2,
  verifyAllAtStart: false,
};

/** A register of a chain that a test made, over storage that the test can damage. */
export class RegisterScene implements AsyncDisposable {
  readonly chain: LedgerChain;
  readonly clock = new ManualClock();
  readonly events: Told[] = [];
  readonly journal: Told[] = [];
  readonly tenantId: TenantId;
  readonly trust = new InMemoryTrustStore();
  readonly stores: TenantStores;
  readonly #storage: WormStorage;
  readonly #settings: VerificationSettings;
  readonly #seal: LocalSeal;
  readonly #ids = seededIds(7);
  readonly #opened: VerifiedRegister[] = [];

  constructor({ storage, chain, stores, tenantId = newId<TenantId>(), settings }: RegisterSceneOptions) {
    this.chain = chain;
    this.tenantId = tenantId;
    this.stores = (stores ?? inMemoryStores(new InMemoryDatabase())).forTenant(tenantId);
    this.#storage = storage;
    this.#settings = { ...SETTINGS, ...settings };
    const suite = NODE_SIGNATURE_SUITES.find("ed25519");
    invariant(suite, "Node computes Ed25519");
    this.#seal = new LocalSeal(suite, createHash("sha256").update("scene").digest());
  }

  /** Stores dockets of the chain, all of them unless told otherwise. */
  async store(dockets: readonly DocketBytes[] = this.chain.dockets): Promise<void> {
    const ledger = this.ledger();
    for (const docket of dockets) {
      const whole = this.chain.dockets[Number(docket.height)];
      await ledger.append(docket, whole?.sealedAt ?? 0);
    }
  }

  ledger(tenantId = this.tenantId): LedgerLog {
    const { registerId } = this.chain;
    return new LedgerLog({
      registerId,
      dockets: this.#storage.database.log(DOCKETS, tenantId, registerId),
      repairs: this.#storage.database.log(DOCKET_REPAIRS, tenantId, registerId),
    });
  }

  /** Another process over the same storage, or the same one after a restart; not initialised. */
  async open(over: Partial<RegisterParts> = {}): Promise<VerifiedRegister> {
    const register = new VerifiedRegister({ ...(await this.#parts()), ...over });
    this.#opened.push(register);
    return register;
  }

  /** Opened and verified. */
  async opened(over: Partial<RegisterParts> = {}): Promise<VerifiedRegister> {
    const register = await this.open(over);
    await register.initialize();
    return register;
  }

  pins(): Promise<PinnedCheckpoints> {
    return PinnedCheckpoints.open({ store: this.trust, seal: this.#seal, registerId: this.chain.registerId });
  }

  /** Pins the checkpoint of the chain at a size, and the charter. */
  async pin(size: number): Promise<void> {
    const pins = await this.pins();
    await pins.keepCharter(this.chain.charter);
    await pins.pin(checkpointOf(this.chain, size));
  }

  /** Replaces what is stored, row by row; `undefined` removes one. */
  async damage(change: (row: KeptRow) => KeptRow | undefined): Promise<void> {
    await this.tamper((rows) => rows.flatMap((row) => change(row) ?? []));
  }

  async tamper(change: (rows: readonly KeptRow[]) => readonly KeptRow[]): Promise<void> {
    await this.#storage.tamper(this.#place(this.tenantId), change);
  }

  #place(tenantId: TenantId) {
    return { tenantId, kind: DOCKETS.name, log: this.chain.registerId };
  }

  /** Removes the rows from a height on, which are what it resolves to. */
  async cutOff(height: number): Promise<readonly KeptRow[]> {
    let gone: readonly KeptRow[] = [];
    await this.tamper((rows) => {
      gone = rows.slice(height);
      return rows.slice(0, height);
    });
    return gone;
  }

  /** Stores another chain of the same register in the place of all that is stored, as who has its key and the database can. */
  async replaceBy(chain: LedgerChain): Promise<void> {
    const tenantId = newId<TenantId>();
    const aside = this.ledger(tenantId);
    for (const docket of chain.dockets) await aside.append(docket, docket.sealedAt);
    let forged: readonly KeptRow[] = [];
    await this.#storage.tamper(this.#place(tenantId), (rows) => (forged = rows));
    await this.tamper(() => forged);
  }

  /** Flips the last bit of the dockets at these heights. */
  async flip(...heights: readonly number[]): Promise<void> {
    await this.damage((row) => (heights.includes(Number(row.sequence)) ? { ...row, bytes: flipped(row.bytes) } : row));
  }

  told(name: string): readonly Told["data"][] {
    return [...this.events, ...this.journal].filter((each) => each.name === name).map(({ data }) => data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const register of this.#opened) await register[Symbol.asyncDispose]();
  }

  async #parts(): Promise<RegisterParts> {
    const { register: store, records } = this.stores;
    const { clock } = this;
    return {
      tenantId: this.tenantId,
      registerId: this.chain.registerId,
      ledger: this.ledger(),
      store,
      pins: await this.pins(),
      snapshots: new Snapshots(this.trust, this.#seal),
      examiner: inlineExaminer(),
      suites: NODE_SIGNATURE_SUITES,
      ranges: new RangeBook({ ranges: records.repository(REGISTER_RANGES), clock, ids: this.#ids }),
      dockets: new DocketCache(),
      settings: this.#settings,
      clock,
      events: this.#recordedEvents(),
      journal: async (name: AuditEventType, data: JsonObject) => void this.journal.push({ name, data }),
    };
  }

  #recordedEvents(): RegisterEvents {
    const recorders = Object.keys(NO_REGISTER_EVENTS).map((name) => [
      name,
      (data: Told["data"]) => void this.events.push({ name, data }),
    ]);
    return Object.fromEntries(recorders);
  }
}

export function flipped(bytes: Uint8Array, at = bytes.length - 1): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** The signed checkpoint of a chain at a size from 1 on. */
export function checkpointOf({ registerId, dockets, checkpointKey }: LedgerChain, size: number): PinnedCheckpoint {
  const state = dockets[size - 1]?.state;
  invariant(state, "the chain is that long");
  const checkpoint = { origin: originOf(registerId), size: BigInt(size), root: rootOf(state.frontier), extensions: [] };
  const text = formatCheckpoint(checkpoint);
  const { keyId, name } = noteVerifier(checkpoint.origin, bytesOfHex(checkpointKey.record.publicKey));
  const signatures = [{ name, keyId, signature: checkpointKey.sign(utf8(text)) }];
  return { size: checkpoint.size, root: checkpoint.root, note: formatNote({ text, signatures }) };
}

export type ChainDocket = LedgerChain["dockets"][number];

/** Those of a chain at some heights. */
export function docketsAt({ dockets }: LedgerChain, ...heights: readonly number[]): readonly ChainDocket[] {
  return heights.map((height) => {
    const docket = dockets[height];
    invariant(docket, "the chain is that long");
    return docket;
  });
}

/** Both ends included. */
export function between(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/** What the owner of the register's keys would seal instead of the chain, from a height above 0 on. */
export function forkOf(chain: LedgerChain, height: number, count = 1): LedgerChain {
  const dockets = chain.dockets.slice(0, height);
  const state = dockets.at(-1)?.state;
  invariant(state, "there is a docket before");
  const drafts = between(1, count).map((n) => eventDraft(`fork at ${height}: ${n}`));
  return drafts.reduce<LedgerChain>((grown, draft) => withDocket(grown, [draft]), { ...chain, dockets, state });
}

/** `start-end type`, by height. */
export function rangesOf({ set }: VerifiedRegister): readonly string[] {
  return set.ranges.map(({ start, end, type }) => `${start}-${end} ${type}`);
}

/** A store that lost the nodes of the log, and has those that are put there since. */
export function withoutNodes(store: RegisterStore): RegisterStore {
  const kept = new Map<string, TreeNode>();
  const own: Partial<RegisterStore> = {
    nodes: async (subtrees) => subtrees.flatMap((subtree) => kept.get(subtreeKey(subtree)) ?? []),
    putNodes: async (nodes) => {
      for (const node of nodes) kept.set(subtreeKey(node), node);
    },
  };
  return new Proxy(store, {
    get: (target, name) =>
      Reflect.get(own, name) ?? (Reflect.get(target, name) as (...input: never) => unknown).bind(target),
  });
}
