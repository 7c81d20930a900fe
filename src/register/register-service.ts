import type { AuditEvent } from "../audit/audit-event.ts";
import type { AuditReader } from "../audit/audit-store.ts";
import type { Clock } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { AuditEventId, CustomerId, TenantId } from "../identifiers.ts";
import { base64UrlOf } from "../signatures/byte-text.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import { commitmentOf, eventSecret, subjectRef } from "./commitments.ts";
import type { Charter } from "./ledger/charter.ts";
import type { CorruptionRangeRecord } from "./range-record.ts";
import type { Disclosure, Receipt } from "./receipts/receipt.ts";
import type { RecoverySummary } from "./recovery/recovery-service.ts";
import type { HeightRange, PeerHead } from "./recovery/register-peer.ts";
import type { RegisterRecord, RegisterStore, StoredCheckpoint } from "./register-store.ts";
import type { Registers } from "./registers.ts";
import type { ReplicaStatus } from "./replication/replica-follower.ts";
import { replicationHead, servedDockets } from "./replication/served-dockets.ts";
import type { ScrubStatus } from "./scrub/scrubber.ts";
import { disclosedEvent } from "./sealing/event-transaction.ts";
import type { SealingOutcome } from "./sealing/sealer.ts";
import type { SubjectSecrets } from "./sealing/subject-secrets.ts";
import type { PinnedCheckpoint } from "./trust/pinned-checkpoints.ts";
import type { DocketBytes } from "./verification/docket-examiner.ts";
import { checkpointVerifier } from "./verified/register-checkpoints.ts";
import type { RegisterOperationalState } from "./verified/register-condition.ts";
import { type ConsistencyProof, charterOf, proveConsistency, proveTransaction } from "./verified/register-proofs.ts";
import {
  type DocketPage,
  getTransaction,
  listDockets,
  queryTransactions,
  requireDocket,
} from "./verified/register-reads.ts";
import type { VerifiedDocket, VerifiedTransaction } from "./verified/verified-docket.ts";
import type { RegisterInitialization, VerifiedRegister } from "./verified/verified-register.ts";
import type { VerifiedHeights } from "./verified/verified-set.ts";

/** Everything that is told of a register. */
export interface RegisterStatus {
  readonly record: RegisterRecord;
  readonly charter: Charter;
  readonly operational: RegisterOperationalState;
  readonly heights: VerifiedHeights;
  /** Damaged ones, with what was done about them. */
  readonly ranges: readonly CorruptionRangeRecord[];
  /** The newest one, pinned outside the database. */
  readonly checkpoint: PinnedCheckpoint | undefined;
  /** Of the key that signs checkpoints now, as c2sp.org/signed-note writes it: what an outsider pins. */
  readonly checkpointVerifier: string | undefined;
  /** Of a copy that is kept up to date by this process. */
  readonly replica: ReplicaStatus | undefined;
  readonly scrub: ScrubStatus | undefined;
}

/** Where the values in clear are that the register has commitments to, each with the secret of its commitment. */
export interface ValueSource {
  find(itemId: string): Promise<Disclosure["value"]>;
}

export interface RegisterServiceOptions {
  readonly tenantId: TenantId;
  readonly registers: Registers;
  readonly store: RegisterStore;
  readonly audit: AuditReader;
  readonly secrets: SubjectSecrets;
  readonly values: ValueSource;
  readonly clock: Clock;
}

/** Which transactions are asked for; members left out do not narrow the list. */
export interface TransactionQuery {
  readonly customerId?: CustomerId | undefined;
  /** The pseudonym that the register has for a customer. */
  readonly subject?: string | undefined;
  readonly type?: string | undefined;
}

const NO_PAGE = { items: [], nextCursor: null };

/**
 * A tenant's register, as callers read it: verified or not at all. Methods reject with `register_not_found` while nothing was
 * sealed, `register_offline`, `storage_unavailable` and `storage_timeout`.
 */
export class RegisterService {
  readonly #options: RegisterServiceOptions;

  constructor(options: RegisterServiceOptions) {
    this.#options = options;
  }

  /** What the register is doing; `undefined` when there is none, or it was not opened by this process. Waits for nothing. */
  async glance(): Promise<RegisterOperationalState | undefined> {
    const { registers, tenantId } = this.#options;
    if (!(await registers.record(tenantId))) return undefined;
    return (await registers.find(tenantId))?.getOperationalState();
  }

  /** Waits for a register to be opened, but not for a verification that is under way; one that cannot be opened is told of. */
  async status(): Promise<RegisterStatus> {
    const register = await this.#found();
    const { condition, parts } = register;
    if (condition.state === "Offline" || !parts.pins.charter) await register.initialize().catch(() => undefined);
    const { registers, tenantId } = this.#options;
    const record = await registers.record(tenantId);
    if (!record) throw notFound();
    const ranges = await register.getCorruptedRanges();
    const scrub = await registers.scrubStatus(tenantId);
    // What follows is of one moment: sealing goes on during the reads above.
    return {
      record,
      charter: charterOf(register),
      operational: register.getOperationalState(),
      heights: register.getVerifiedHeight(),
      ranges,
      checkpoint: parts.pins.newest,
      checkpointVerifier: checkpointVerifier(register),
      replica: registers.replicaStatus(tenantId),
      scrub,
    };
  }

  /** Rejects with `docket_not_found`, whose details say why. */
  async docket(height: bigint): Promise<VerifiedDocket> {
    return await requireDocket(await this.open(), height);
  }

  /** By height, from one on; those that are not verified are left out and named. Rejects with `invalid_cursor`. */
  async dockets(from: bigint, page: PageRequest): Promise<DocketPage> {
    return await listDockets(await this.open(), from, page);
  }

  /** Rejects with `transaction_not_found`. */
  async transaction(txId: string): Promise<VerifiedTransaction> {
    const transaction = await getTransaction(await this.open(), txId);
    if (transaction) return transaction;
    throw new VaultError("transaction_not_found", "No verified docket has this transaction.");
  }

  /** By height and position. A customer who was erased has none. */
  async transactions(query: TransactionQuery, page: PageRequest): Promise<Page<VerifiedTransaction>> {
    const register = await this.open();
    const { customerId, type } = query;
    const subject = customerId === undefined ? query.subject : await this.#subjectOf(customerId, register);
    if (customerId !== undefined && subject === undefined) return NO_PAGE;
    return await queryTransactions(register, { subject, type }, page);
  }

  /** What proves the transaction to an outsider. Rejects with `transaction_not_found` and `event_not_sealed`. */
  async receipt(txId: string): Promise<Omit<Receipt, "format">> {
    const register = await this.open();
    return await proveTransaction(register, await this.transaction(txId));
  }

  /**
   * The receipt of an event of the journal, with what opens its commitment: whoever gets it learns the event and can check
   * it. `undefined` when there is no such event. Rejects with `event_not_sealed`, also for one of an erased customer.
   *
   * @param options.withValue with the value that the event is about, if it still is there, and what opens its commitment
   */
  async receiptOfEvent(
    eventId: AuditEventId,
    options: { readonly withValue?: boolean } = {},
  ): Promise<Omit<Receipt, "format"> | undefined> {
    const { store, audit, secrets } = this.#options;
    const event = await audit.get(eventId);
    if (!event) return undefined;
    const register = await this.open();
    const [found, secret] = await Promise.all([
      store.findByEvents([eventId]).then((places) => places.get(eventId)),
      secrets.find(secrets.subjectOf(event)),
    ]);
    if (!found) throw new VaultError("event_not_sealed", "The event is not sealed yet.");
    const transaction = await this.transaction(found.txId);
    if (!secret) return await proveTransaction(register, transaction);
    const value = options.withValue ? await this.#valueOf(event, transaction) : undefined;
    const disclosure = {
      event: disclosedEvent(event),
      secret: base64UrlOf(eventSecret(secret, eventId)),
      ...(value && { value }),
    };
    return await proveTransaction(register, transaction, disclosure);
  }

  async #valueOf({ subjectId }: AuditEvent, { body }: VerifiedTransaction): Promise<Disclosure["value"]> {
    if (subjectId === null || body["value"] === undefined) return undefined;
    const found = await this.#options.values.find(subjectId);
    if (!found || commitmentOf(found.secret, subjectId, found.value) === body["value"]) return found;
    throw new VaultError("integrity_violation", "The value that is kept is not the one that was sealed.", {
      details: { itemId: subjectId },
    });
  }

  /** Rejects with `invalid_request` for sizes that the register does not have. */
  async consistency(from: bigint, to: bigint): Promise<ConsistencyProof> {
    return await proveConsistency(await this.open(), from, to);
  }

  async checkpoints(page: PageRequest): Promise<Page<StoredCheckpoint>> {
    await this.open();
    return await this.#options.store.listCheckpoints(page);
  }

  /** Verifies every docket anew. */
  async verify(signal?: AbortSignal): Promise<RegisterInitialization> {
    return await (await this.#found()).verifyAll(signal);
  }

  /**
   * Asks every peer once for what is damaged. Resolves to what is left of it; what the peers have said is in `message` of each
   * range. Waits for a recovery that is under way.
   */
  async recover(): Promise<RecoverySummary> {
    const recovery = await this.#options.registers.recoveryOf(this.#options.tenantId);
    if (!recovery) throw notFound();
    return await recovery.recover();
  }

  /** Where the register ends, for those who follow it. Rejects with `register_not_found` when it is not the one they ask for. */
  async replicationHead(registerId?: string): Promise<PeerHead> {
    return await replicationHead(await this.#opened(registerId));
  }

  /** Verified dockets up to the first that is not, as many as one request may bring. Rejects like `replicationHead`. */
  async replicationDockets(registerId: string, range: HeightRange): Promise<AsyncIterable<DocketBytes>> {
    return servedDockets(await this.#opened(registerId), range);
  }

  /**
   * Seals what the journal holds, without waiting for the interval, and makes the register if there is none. `leased` when
   * another process seals, `overtaken` when one does without the lease, `not_extendable` when the last docket is damaged.
   */
  async sealJournal(): Promise<SealingOutcome> {
    return await this.#options.registers.seal(this.#options.tenantId);
  }

  /** Makes what the register says of a customer mean nothing, for good. Whether there was anything. */
  async forgetCustomer(customerId: CustomerId): Promise<boolean> {
    return await this.#options.secrets.destroy(customerId, this.#options.clock.now());
  }

  /** The register, opened as its strategy says. */
  async open(): Promise<VerifiedRegister> {
    const register = await this.#found();
    await register.initialize();
    return register;
  }

  async #opened(registerId: string | undefined): Promise<VerifiedRegister> {
    const register = await this.open();
    if (registerId === undefined || register.registerId === registerId) return register;
    throw notFound();
  }

  async #found(): Promise<VerifiedRegister> {
    const register = await this.#options.registers.find(this.#options.tenantId);
    if (register) return register;
    throw notFound();
  }

  async #subjectOf(customerId: CustomerId, { registerId }: VerifiedRegister): Promise<string | undefined> {
    const secret = await this.#options.secrets.find(customerId);
    return secret && subjectRef(secret, registerId);
  }
}

function notFound(): VaultError {
  return new VaultError("register_not_found", "Nothing of this tenant was sealed yet.");
}
