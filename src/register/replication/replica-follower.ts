import type { Instant } from "../../clock.ts";
import { isVaultError, VaultError } from "../../errors.ts";
import type { Random, Timers } from "../../storage/resilience/timers.ts";
import { sameHash } from "../merkle/tree-hash.ts";
import { type Checkpoint, parseCheckpoint } from "../notes/checkpoint.ts";
import { parseNote } from "../notes/signed-note.ts";
import { pullDockets } from "../recovery/pull-dockets.ts";
import type { RegisterPeer } from "../recovery/register-peer.ts";
import { readSignedCheckpoint, rootAt } from "../verified/register-checkpoints.ts";
import { IndexGuard } from "../verified/register-index.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { appendCopied } from "./append-copied.ts";

export interface ReplicaFollowerOptions {
  readonly register: VerifiedRegister;
  /** Where the register is sealed, or another copy of it. */
  readonly source: RegisterPeer;
  readonly intervalMs: number;
  readonly timers: Timers;
  readonly random: Random;
}

/** How a copy of a register stands to what it is a copy of. */
export interface ReplicaStatus {
  readonly source: string;
  /** Dockets that the newest checkpoint there covers; `null` before the first answer. */
  readonly sourceSize: bigint | null;
  /** Dockets that are missing here. */
  readonly behind: bigint | null;
  readonly lastContactAt: Instant | null;
  /** For people; `null` when all is well. */
  readonly problem: string | null;
  /** False for good once the source has shown two different registers. */
  readonly isFollowing: boolean;
}

const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 60_000;
/** Dockets after which a start would have enough to verify to be noticed. */
const DOCKETS_PER_SNAPSHOT = 256n;

/**
 * Keeps a verified copy of a register that is sealed elsewhere. Takes what the source's signed checkpoint covers and nothing
 * beyond, pins the checkpoint once its own log has the same root, and never signs anything. A source that shows another
 * register than before is an alarm, and the end of following it.
 */
export class ReplicaFollower implements AsyncDisposable {
  readonly #options: ReplicaFollowerOptions;
  readonly #index: IndexGuard;
  readonly #closing = new AbortController();
  #cancel: (() => void) | undefined;
  #look: Promise<void> = Promise.resolve();
  #failures = 0;
  #snapshotSize = 0n;
  #sourceSize: bigint | null = null;
  #lastContactAt: Instant | null = null;
  #problem: string | null = null;
  #isFollowing = true;
  /** What was told of a source that went back, once. */
  #rolledBackTo: bigint | undefined;

  constructor(options: ReplicaFollowerOptions) {
    this.#options = options;
    this.#index = new IndexGuard(options.register);
  }

  get status(): ReplicaStatus {
    const { set } = this.#options.register;
    const size = this.#sourceSize;
    return {
      source: this.#options.source.name,
      sourceSize: size,
      behind: size === null ? null : size > set.total ? size - set.total : 0n,
      lastContactAt: this.#lastContactAt,
      problem: this.#problem,
      isFollowing: this.#isFollowing,
    };
  }

  start(): void {
    this.#look = this.#look.then(() => this.#again());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#cancel?.();
    await this.#look;
  }

  /** Looks once, and takes all there is. Never rejects. */
  async follow(): Promise<void> {
    try {
      await this.#follow();
      this.#failures = 0;
    } catch (error) {
      if (isVaultError(error, "aborted")) return;
      this.#failures += 1;
      if (this.#isFollowing)
        this.#problem = isVaultError(error) ? error.message : "Something went wrong in this vault.";
    }
  }

  async #again(): Promise<void> {
    await this.follow();
    if (this.#closing.signal.aborted || !this.#isFollowing) return;
    const { timers, intervalMs, random } = this.#options;
    const backoffMs = random() * Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#failures);
    const delayMs = this.#failures === 0 ? intervalMs : Math.max(intervalMs, backoffMs);
    this.#cancel = timers.after(delayMs, () => {
      this.#look = this.#again();
    });
  }

  async #follow(): Promise<void> {
    const { register, source } = this.#options;
    const { parts, registerId } = register;
    await register.whenVerified();
    // Other processes that follow the same source may be faster than this answer: it is no older than what was pinned before.
    const pinned = parts.pins.newest?.size ?? 0n;
    const head = await source.head(registerId, { signal: this.#closing.signal });
    if (head.registerId !== registerId) throw otherRegister(source);
    this.#lastContactAt = parts.clock.now();
    const claimed = head.note === null ? undefined : claimedSize(head.note);
    if (head.note === null || claimed === undefined) return;
    await this.#copyUpTo(claimed);
    const checkpoint = readSignedCheckpoint(head.note, register.set.sound, parts);
    if (checkpoint) {
      this.#sourceSize = checkpoint.size;
      await this.#compare(checkpoint, { note: head.note, pinned });
    } else if (register.set.sound.frontier.size >= claimed) {
      throw new VaultError("register_peer_not_valid", "No key of the register has signed the source's checkpoint.");
    }
  }

  async #copyUpTo(size: bigint): Promise<void> {
    const { register, source } = this.#options;
    const { signal } = this.#closing;
    await register.inTurn(() => this.#index.takeMissing());
    while (register.set.total < size) {
      const range = { start: register.set.total, end: size - 1n, signal };
      const { dockets, error } = await pullDockets(source, register.registerId, range);
      const refused = dockets.length > 0 ? await appendCopied(register, dockets) : undefined;
      await this.#keepSnapshot();
      if (refused?.problem === "fork") {
        await this.#stop(refused.height, "The source has sealed other dockets than those that were copied before.");
      }
      if (refused) throw new VaultError("register_peer_not_valid", refused.message);
      if (error) throw error;
      if (dockets.length === 0) return;
    }
  }

  /** The note is the register's: whether it says the same of it as was copied, and no less than was pinned when it was asked for. */
  async #compare(
    checkpoint: Checkpoint,
    { note, pinned }: { readonly note: string; readonly pinned: bigint },
  ): Promise<void> {
    const { register } = this.#options;
    const { parts, set } = register;
    const { size, root } = checkpoint;
    if (size > set.sound.frontier.size) return;
    const own = await rootAt(register, size);
    if (own && !sameHash(own, root)) {
      await this.#stop(size, "The source has signed a checkpoint of another register than the one that was copied.");
      return;
    }
    if (size < pinned) {
      await this.#tellRollback(size, pinned);
      return;
    }
    this.#rolledBackTo = undefined;
    this.#problem = null;
    if (!own || size <= (parts.pins.newest?.size ?? 0n)) return;
    await parts.pins.pin({ size, root, note });
    await parts.store.addCheckpoint({ size, note, signedAt: parts.clock.now() });
  }

  async #stop(height: bigint, problem: string): Promise<void> {
    const { register, source } = this.#options;
    const { tenantId, registerId, events, journal } = register.parts;
    this.#isFollowing = false;
    this.#problem = problem;
    events.registerForkDetected({ tenantId, registerId, height: height.toString() });
    await journal("register_fork_detected", { registerId, height: height.toString(), source: source.name });
  }

  async #tellRollback(size: bigint, pinned: bigint): Promise<void> {
    const { tenantId, registerId, events, journal } = this.#options.register.parts;
    this.#problem = `The source shows ${size} dockets, and had ${pinned} before.`;
    if (this.#rolledBackTo === size) return;
    this.#rolledBackTo = size;
    const sizes = { pinnedSize: pinned.toString(), size: size.toString() };
    events.registerRollbackDetected({ tenantId, registerId, ...sizes });
    await journal("register_rollback_detected", { registerId, ...sizes });
  }

  async #keepSnapshot(): Promise<void> {
    const { set, parts } = this.#options.register;
    const { size } = set.sound.frontier;
    if (!set.isComplete || size < this.#snapshotSize + DOCKETS_PER_SNAPSHOT) return;
    await parts.snapshots.save(set.sound);
    this.#snapshotSize = size;
  }
}

/** What a note says that nobody has verified yet. */
function claimedSize(text: string): bigint | undefined {
  const note = parseNote(text);
  return note && parseCheckpoint(note.text)?.size;
}

function otherRegister({ name }: RegisterPeer): VaultError {
  return new VaultError("register_peer_not_valid", "The source has another register.", { details: { peer: name } });
}
