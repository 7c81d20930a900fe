import type { AuditEvent } from "../../audit/audit-event.ts";
import { addMs } from "../../clock.ts";
import type { TenantId } from "../../identifiers.ts";
import type { SealingLease, TreeNode } from "../register-store.ts";
import { catchUp } from "../verified/catch-up.ts";
import { type Publication, publishDocket } from "../verified/register-append.ts";
import { signCheckpoint } from "../verified/register-checkpoints.ts";
import { IndexGuard } from "../verified/register-index.ts";
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

/** What sealing came to. */
export type SealingOutcome =
  /** Nothing is left of what was to be sealed. */
  | "done"
  /** Another process seals. */
  | "leased"
  /** Other processes were faster, time after time. */
  | "overtaken"
  /** The register's head is not verified, or gone from the cold tier. */
  | "not_extendable";

/** What a run of sealing came to; `more` when it ended because it had been long enough. */
export type RunOutcome = SealingOutcome | "more";

/** Which events a run is to seal: all that there are, or what makes a whole docket, and the first docket whatever it makes. */
export type RunScope = "all" | "due";

/** After so many dockets a run ends although there are more events: readers, and other tenants, have their turn. */
const DOCKETS_PER_RUN = 16;
/** Other processes' dockets, one after the other, after which a run ends. */
const LATE_MAX = 3;
/** After so many dockets a start that begins with the last snapshot would have to verify enough to be noticed. */
const DOCKETS_PER_SNAPSHOT = 256n;

/** What became of the next docket. */
type DocketOutcome =
  /** Sealed, and there may be more events. */
  | "full"
  /** Sealed, with all the events that there were. */
  | "rest"
  | "none"
  /** Another process was faster. */
  | "late"
  /** There is nothing that it could follow on. */
  | "stuck";

/** After any other outcome a run goes on. */
const ENDS_RUN: Partial<Readonly<Record<DocketOutcome, RunOutcome>>> = {
  rest: "done",
  none: "done",
  stuck: "not_extendable",
};

/**
 * Seals the journal of one tenant into its register. What is not sealed is in the journal, so a process that ends at any
 * moment loses nothing; what is sealed is taken out of the unsealed with the index, which is made again from the ledger
 * before anything is sealed, so nothing is sealed twice.
 */
export class Sealer {
  readonly #options: SealerOptions;
  readonly #index: IndexGuard;
  #snapshotSize = 0n;

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#index = new IndexGuard(options.register);
  }

  /**
   * One run, in the register's turn: up to `DOCKETS_PER_RUN` dockets. It ends with the first that is not full, because what came
   * meanwhile waits for its own interval, and with a signed checkpoint.
   */
  run(scope: RunScope): Promise<RunOutcome> {
    const { register, keys } = this.#options;
    return register.inTurn(async () => {
      const outcome = await this.#sealDockets(scope);
      if (outcome === "done" || outcome === "more") {
        await signCheckpoint(register, await keys.signerFor("checkpoint", register.set.sound));
        await this.#keepSnapshot();
      }
      return outcome;
    });
  }

  /** Lets other processes seal at once. */
  async release(): Promise<void> {
    await this.#options.register.parts.store.releaseLease(this.#options.holder);
  }

  async #sealDockets(scope: RunScope): Promise<RunOutcome> {
    let lease: SealingLease | undefined;
    let isBehind = true;
    let sealed = 0;
    let late = 0;
    while (sealed < DOCKETS_PER_RUN) {
      if (!this.#isFresh(lease)) lease = await this.#acquire();
      if (!lease) return "leased";
      if (isBehind) await this.#catchUp();
      const outcome = await this.#sealDocket(lease, scope === "due" && sealed > 0);
      const end = ENDS_RUN[outcome];
      if (end) return end;
      isBehind = outcome === "late";
      late = isBehind ? late + 1 : 0;
      if (late === LATE_MAX) return "overtaken";
      if (!isBehind) sealed += 1;
    }
    return "more";
  }

  /** What others have sealed, and what this process has sealed and not come to index. */
  async #catchUp(): Promise<void> {
    await catchUp(this.#options.register);
    await this.#index.takeMissing();
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

  /** @param isWhole whether a docket that is not full is not to be sealed */
  async #sealDocket(lease: SealingLease, isWhole: boolean): Promise<DocketOutcome> {
    const { register, maxTransactions } = this.#options;
    if (!register.set.isExtendable) return "stuck";
    const began = performance.now();
    const unsealed = await register.parts.store.listUnsealed(maxTransactions);
    const isFull = unsealed.length === maxTransactions;
    if (unsealed.length === 0 || (isWhole && !isFull)) return "none";
    const publication = await this.#publish(unsealed, lease, began);
    if (publication !== "published") return publication === "late" ? "late" : "stuck";
    return isFull ? "full" : "rest";
  }

  async #publish(unsealed: readonly AuditEvent[], lease: SealingLease, began: number): Promise<Publication> {
    const { register, tenantId, keys } = this.#options;
    const { clock, events, registerId } = register.parts;
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
