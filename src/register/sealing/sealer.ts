import type { AuditEvent } from "../../audit/audit-event.ts";
import { addMs } from "../../clock.ts";
import type { TenantId } from "../../identifiers.ts";
import type { SealingLease, TreeNode } from "../register-store.ts";
import { catchUp } from "../verified/catch-up.ts";
import { type Publication, publishDocket } from "../verified/register-append.ts";
import { signCheckpoint } from "../verified/register-checkpoints.ts";
import { indexMissing } from "../verified/register-index.ts";
import { collecting } from "../verified/tree-nodes.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { assembleDocket, type TransactionDraft } from "./assemble-docket.ts";
import { eventTransaction } from "./event-transaction.ts";
import type { LedgerKeys } from "./ledger-keys.ts";
import type { SubjectSecrets } from "./subject-secrets.ts";

export interface SealerOptions {
  readonly tenantId: TenantId;
  readonly register: VerifiedRegister;
  readonly keys: LedgerKeys;
  readonly secrets: SubjectSecrets;
  /** Names this process among those that may seal. */
  readonly holder: string;
  readonly maxTransactions: number;
  readonly leaseMs: number;
}

/** What a run of sealing came to. */
export type SealingOutcome =
  /** Nothing is left to be sealed. */
  | "done"
  /** Another process seals. */
  | "leased"
  /** Other processes were faster, time after time. */
  | "overtaken"
  /** The register's head is not verified, or gone from the cold tier. */
  | "not_extendable";

/** Other processes' dockets, one after the other, after which a run ends. */
const LATE_MAX = 3;
/** After anything else it goes on. */
const ENDS_RUN: Partial<Readonly<Record<Publication | "none", SealingOutcome>>> = {
  none: "done",
  beyond: "not_extendable",
};
/** After so many dockets a checkpoint is signed although there are more events. */
const DOCKETS_PER_CHECKPOINT = 64;
/** After so many dockets a start that begins with the last snapshot would have to verify enough to be noticed. */
const DOCKETS_PER_SNAPSHOT = 256n;

/**
 * Seals the journal of one tenant into its register. What is not sealed is in the journal, so a process that ends at any
 * moment loses nothing; what is sealed is taken out of the unsealed with the index, which is made again from the ledger
 * before anything is sealed, so nothing is sealed twice.
 */
export class Sealer {
  readonly #options: SealerOptions;
  #snapshotSize = 0n;

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** Seals all that is in the journal when it begins, and what comes meanwhile. */
  sealPending(): Promise<SealingOutcome> {
    const { register } = this.#options;
    return register.inTurn(async () => {
      const outcome = await this.#sealPending();
      if (outcome === "done") await this.#keepSnapshot();
      return outcome;
    });
  }

  /** Lets other processes seal at once. */
  async release(): Promise<void> {
    await this.#options.register.parts.store.releaseLease(this.#options.holder);
  }

  async #sealPending(): Promise<SealingOutcome> {
    const { register, keys } = this.#options;
    let lease: SealingLease | undefined;
    let isBehind = true;
    let late = 0;
    for (let dockets = 1; ; dockets++) {
      if (!this.#isFresh(lease)) lease = await this.#acquire();
      if (!lease) return "leased";
      if (isBehind) await this.#catchUp();
      const sealed = await this.#sealDocket(lease);
      if (sealed === "none" || dockets % DOCKETS_PER_CHECKPOINT === 0) {
        await signCheckpoint(register, await keys.signerFor("checkpoint", register.set.sound));
      }
      const end = ENDS_RUN[sealed];
      if (end) return end;
      isBehind = sealed === "late";
      late = isBehind ? late + 1 : 0;
      if (late === LATE_MAX) return "overtaken";
    }
  }

  /** What others have sealed, and what this process has sealed and not come to index. */
  async #catchUp(): Promise<void> {
    await catchUp(this.#options.register);
    await indexMissing(this.#options.register);
  }

  #acquire(): Promise<SealingLease | undefined> {
    const { register, holder, leaseMs } = this.#options;
    const { store, clock } = register.parts;
    const now = clock.now();
    return store.acquireLease({ holder, now, until: addMs(now, leaseMs) });
  }

  /** It is asked for again in good time, and not for each docket. */
  #isFresh(lease: SealingLease | undefined): boolean {
    const { register, leaseMs } = this.#options;
    return lease !== undefined && addMs(register.parts.clock.now(), leaseMs / 2) < lease.until;
  }

  /** `none` when there is nothing to be sealed. */
  async #sealDocket(lease: SealingLease): Promise<Publication | "none"> {
    const { register, tenantId, maxTransactions, keys } = this.#options;
    const { store, clock, events, registerId } = register.parts;
    if (!register.set.isExtendable) return "beyond";
    const began = performance.now();
    const unsealed = await store.listUnsealed(maxTransactions);
    if (unsealed.length === 0) return "none";
    const before = register.set.sound;
    const nodes: TreeNode[] = [];
    const lastEpoch = before.lastSealed?.epoch ?? 0n;
    const docket = assembleDocket(
      before,
      {
        transactions: await this.#draftsOf(unsealed),
        signer: await keys.signerFor("docket", before),
        epoch: lease.epoch > lastEpoch ? lease.epoch : lastEpoch,
        sealedAt: Date.parse(clock.now()),
      },
      collecting(nodes),
    );
    const publication = await publishDocket(register, docket, nodes);
    if (publication !== "published") return publication;
    const durationMs = Math.round(performance.now() - began);
    const height = docket.height.toString();
    events.registerDocketSealed({ tenantId, registerId, height, transactionCount: unsealed.length, durationMs });
    return publication;
  }

  async #draftsOf(unsealed: readonly AuditEvent[]): Promise<readonly TransactionDraft[]> {
    const { secrets, keys, register } = this.#options;
    const bySubject = await secrets.ensure(unsealed.map((event) => secrets.subjectOf(event)));
    const drafts: TransactionDraft[] = [];
    for (const event of unsealed) {
      const found = bySubject.get(secrets.subjectOf(event));
      if (!found) continue;
      const keyChanges = await keys.changesIn(event);
      drafts.push(eventTransaction(event, { ...found, registerId: register.registerId, keyChanges }));
    }
    return drafts;
  }

  async #keepSnapshot(): Promise<void> {
    const { set, parts } = this.#options.register;
    const { size } = set.sound.frontier;
    if (!set.isComplete || size < this.#snapshotSize + DOCKETS_PER_SNAPSHOT) return;
    await parts.snapshots.save(set.sound);
    this.#snapshotSize = size;
  }
}
