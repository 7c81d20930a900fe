import { VaultError } from "../../errors.ts";
import { bytesOfHex, hexOf } from "../../signatures/byte-text.ts";
import { type Charter, isCharterOf } from "../ledger/charter.ts";
import type { LocalSeal } from "./local-seal.ts";
import { mergedPins, type PinnedCheckpoint, requireAgreement } from "./pin-rules.ts";
import type { TrustStore } from "./trust-store.ts";

export type { PinnedCheckpoint } from "./pin-rules.ts";

const KIND = "pinned-checkpoints";

/**
 * The checkpoints of one register that are kept outside its database, and its charter: whatever the database shows later has
 * to agree with them. Several processes keep theirs in one file, and none forgets what another one has pinned.
 *
 * Rejects with `integrity_violation` when there is a file that this installation has not written, and when two checkpoints of
 * one size differ: then the file stays as it is, and what is in it is what counts here from now on.
 */
export class PinnedCheckpoints {
  readonly #store: TrustStore;
  readonly #seal: LocalSeal;
  readonly #registerId: string;
  #kept: Kept = NOTHING;
  /** The size of the longest one that is known to be in the database, too. */
  #told = 0n;

  private constructor(options: { store: TrustStore; seal: LocalSeal; registerId: string }) {
    this.#store = options.store;
    this.#seal = options.seal;
    this.#registerId = options.registerId;
  }

  static async open(options: { store: TrustStore; seal: LocalSeal; registerId: string }): Promise<PinnedCheckpoints> {
    const { store, registerId } = options;
    const pins = new PinnedCheckpoints(options);
    pins.#kept = pins.#read(await store.read(fileOf(registerId)));
    return pins;
  }

  get charter(): Charter | undefined {
    return this.#kept.charter;
  }

  /** The longest one. */
  get newest(): PinnedCheckpoint | undefined {
    return this.#kept.pinned.at(-1);
  }

  /** The longest one, unless the database has it. */
  get untold(): PinnedCheckpoint | undefined {
    return this.newest && this.newest.size > this.#told ? this.newest : undefined;
  }

  /** Says that the database has the checkpoint of that size. */
  markTold(size: bigint): void {
    if (size > this.#told) this.#told = size;
  }

  /** By size, ascending. */
  get all(): readonly PinnedCheckpoint[] {
    return this.#kept.pinned;
  }

  async keepCharter(charter: Charter): Promise<void> {
    if (this.charter) return;
    await this.#update({ charter, pinned: [] });
  }

  /**
   * Keeps a checkpoint longer than all before, also of those that other processes have pinned meanwhile; the caller has made sure
   * that it is consistent with the ones known here.
   */
  async pin(checkpoint: PinnedCheckpoint): Promise<void> {
    const added = newOf(this.#kept, checkpoint);
    if (added.pinned.length > 0) await this.#update(added);
  }

  /** What is in the file and what is known here belong together, whoever was first. */
  async #update(added: Kept): Promise<void> {
    let kept = this.#kept;
    await this.#store.update(fileOf(this.#registerId), (text) => {
      const stored = this.#read(text);
      try {
        const known = merged(stored, this.#kept);
        kept = merged(known, { ...added, pinned: added.pinned.flatMap((each) => newOf(known, each).pinned) });
      } catch (error) {
        this.#kept = stored;
        throw error;
      }
      return isSame(kept, stored) ? undefined : this.#write(kept);
    });
    this.#kept = kept;
  }

  #read(text: string | undefined): Kept {
    if (text === undefined) return NOTHING;
    const record = this.#seal.open(KIND, text);
    if (record?.["registerId"] !== this.#registerId) throw foreign(fileOf(this.#registerId));
    const { charter, checkpoints } = record as unknown as PinnedRecord;
    return {
      charter: isCharterOf(this.#registerId, charter) ? charter : undefined,
      pinned: checkpoints.map(({ size, root, note }) => ({ size: BigInt(size), root: bytesOfHex(root), note })),
    };
  }

  #write({ charter, pinned }: Kept): string {
    const checkpoints = pinned.map(({ size, root, note }) => ({
      size: size.toString(),
      root: hexOf(root),
      note,
    }));
    return this.#seal.seal(KIND, { registerId: this.#registerId, ...(charter && { charter }), checkpoints });
  }
}

interface Kept {
  readonly charter: Charter | undefined;
  /** By size, ascending. */
  readonly pinned: readonly PinnedCheckpoint[];
}

const NOTHING: Kept = { charter: undefined, pinned: [] };

function merged(one: Kept, other: Kept): Kept {
  return { charter: one.charter ?? other.charter, pinned: mergedPins(one.pinned, other.pinned) };
}

/** A checkpoint, unless one is kept that is as long or longer: then it is not told to anybody, and only has to fit. */
function newOf({ pinned }: Kept, checkpoint: PinnedCheckpoint): Kept {
  requireAgreement(
    pinned.find(({ size }) => size === checkpoint.size),
    checkpoint,
  );
  const isLonger = checkpoint.size > (pinned.at(-1)?.size ?? -1n);
  return { charter: undefined, pinned: isLonger ? [checkpoint] : [] };
}

function isSame(one: Kept, other: Kept): boolean {
  const sizesOf = ({ pinned }: Kept) => pinned.map(({ size }) => size).join();
  return (one.charter === undefined) === (other.charter === undefined) && sizesOf(one) === sizesOf(other);
}

function fileOf(registerId: string): string {
  return `${registerId}.checkpoints`;
}

interface PinnedRecord {
  readonly charter?: unknown;
  readonly checkpoints: readonly KeptCheckpoint[];
}

interface KeptCheckpoint {
  readonly size: string;
  readonly root: string;
  readonly note: string;
}

function foreign(name: string): VaultError {
  return new VaultError("integrity_violation", "The pinned checkpoints of a register were not written by this vault.", {
    details: { file: name },
    hint: "If the master key was changed on purpose, remove the file; then nothing is known of what the register was before.",
  });
}
