import { VaultError } from "../../errors.ts";
import { bytesOfHex, hexOf } from "../../signatures/byte-text.ts";
import { type Charter, isCharterOf } from "../ledger/charter.ts";
import type { TrustedLog } from "../verification/log-tree.ts";
import type { LocalSeal } from "./local-seal.ts";
import type { TrustStore } from "./trust-store.ts";

/** A checkpoint that this installation has seen or made, as it is kept. */
export interface PinnedCheckpoint extends TrustedLog {
  /** The signed note. */
  readonly note: string;
}

const KIND = "pinned-checkpoints";
/** All of these are kept, and of older ones every second, fourth, eighth and so on. */
const RECENT = 16;
const TOTAL = 128;

/**
 * The checkpoints of one register that are kept outside its database, and its charter: whatever the database shows later has
 * to agree with them. Rejects with `integrity_violation` when there is a file that this installation has not written.
 */
export class PinnedCheckpoints {
  readonly #store: TrustStore;
  readonly #seal: LocalSeal;
  readonly #registerId: string;
  #charter: Charter | undefined;
  /** By size, ascending. */
  #pinned: readonly PinnedCheckpoint[] = [];
  /** The size of the longest one that is known to be in the database, too. */
  #told = 0n;

  private constructor(options: { store: TrustStore; seal: LocalSeal; registerId: string }) {
    this.#store = options.store;
    this.#seal = options.seal;
    this.#registerId = options.registerId;
  }

  static async open(options: { store: TrustStore; seal: LocalSeal; registerId: string }): Promise<PinnedCheckpoints> {
    const pinned = new PinnedCheckpoints(options);
    await pinned.#load();
    return pinned;
  }

  get charter(): Charter | undefined {
    return this.#charter;
  }

  /** The longest one. */
  get newest(): PinnedCheckpoint | undefined {
    return this.#pinned.at(-1);
  }

  /** The longest one, unless the database has it. */
  get untold(): PinnedCheckpoint | undefined {
    return this.newest && this.newest.size > this.#told ? this.newest : undefined;
  }

  /** Says that the database has the checkpoint of that size. */
  markTold(size: bigint): void {
    if (size > this.#told) this.#told = size;
  }

  get all(): readonly PinnedCheckpoint[] {
    return this.#pinned;
  }

  async keepCharter(charter: Charter): Promise<void> {
    if (this.#charter) return;
    await this.#save(charter, this.#pinned);
    this.#charter = charter;
  }

  /** Keeps a checkpoint longer than all before; the caller has made sure that it is consistent with them. */
  async pin(checkpoint: PinnedCheckpoint): Promise<void> {
    if (this.newest && checkpoint.size <= this.newest.size) return;
    const pinned = thinned([...this.#pinned, checkpoint]);
    await this.#save(this.#charter, pinned);
    this.#pinned = pinned;
  }

  get #name(): string {
    return `${this.#registerId}.checkpoints`;
  }

  async #load(): Promise<void> {
    const text = await this.#store.read(this.#name);
    if (text === undefined) return;
    const record = this.#seal.open(KIND, text);
    if (record?.["registerId"] !== this.#registerId) throw foreign(this.#name);
    const { charter, checkpoints } = record as unknown as PinnedRecord;
    this.#charter = isCharterOf(this.#registerId, charter) ? charter : undefined;
    this.#pinned = checkpoints.map(({ size, root, note }) => ({ size: BigInt(size), root: bytesOfHex(root), note }));
  }

  async #save(charter: Charter | undefined, pinned: readonly PinnedCheckpoint[]): Promise<void> {
    const checkpoints = pinned.map(({ size, root, note }) => ({
      size: size.toString(),
      root: hexOf(root),
      note,
    }));
    const record = { registerId: this.#registerId, ...(charter && { charter }), checkpoints };
    await this.#store.write(this.#name, this.#seal.seal(KIND, record));
  }
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

/** Fewer and fewer the older they are, so that a file of bounded size still reaches back to the beginning. */
function thinned(pinned: readonly PinnedCheckpoint[]): readonly PinnedCheckpoint[] {
  if (pinned.length <= TOTAL) return pinned;
  const old = pinned.slice(0, -RECENT);
  // The two neighbours that are closest, relative to their age, become one.
  const head = pinned.at(-1)?.size ?? 0n;
  let least = 1;
  let leastGap = Number.POSITIVE_INFINITY;
  for (let at = 1; at < old.length - 1; at++) {
    const [before, after] = [old[at - 1], old[at + 1]];
    if (!before || !after) continue;
    const gap = Number(after.size - before.size) / Number(head - before.size + 1n);
    if (gap < leastGap) {
      leastGap = gap;
      least = at;
    }
  }
  return pinned.filter((_, at) => at !== least);
}

function foreign(name: string): VaultError {
  return new VaultError("integrity_violation", "The pinned checkpoints of a register were not written by this vault.", {
    details: { file: name },
    hint: "If the master key was changed on purpose, remove the file; then nothing is known of what the register was before.",
  });
}
