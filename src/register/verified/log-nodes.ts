import { docketHashOf, prevDocketHashIn, readHeader } from "../ledger/docket.ts";
import { decodeFrame } from "../ledger/docket-frame.ts";
import { appendLeaf, EMPTY_FRONTIER, type Frontier, type OnSubtree, rootOf } from "../merkle/frontier.ts";
import { leafHash, sameHash } from "../merkle/tree-hash.ts";
import { SUBTREES_MAX, type TreeNode } from "../register-store.ts";
import { leafOf } from "../verification/log-tree.ts";
import type { RegisterParts } from "./register-parts.ts";
import type { TreeHints } from "./tree-hints.ts";
import { collecting } from "./tree-nodes.ts";
import type { VerifiedSet } from "./verified-set.ts";

/** What a log is in: a register. */
interface LogOwner {
  readonly parts: RegisterParts;
  readonly hints: TreeHints;
  readonly set: VerifiedSet;
}

const STEP = BigInt(SUBTREES_MAX);

/**
 * Who is asked first what a leaf of the log is: the node that is stored for it, the docket itself, or the docket behind it,
 * which names it. Nobody is believed before the whole leads to the head that was verified.
 */
type LeafSource = "node" | "own" | "named";

const SOURCES: readonly LeafSource[] = ["node", "own", "named"];

/** After it was in vain nobody can make it read the whole ledger again for so long. */
const PAUSE_MS = 60_000;

/** Makes the nodes of one register's log again, for all who need them at the same time together. */
export class NodeRebuilder {
  readonly #register: LogOwner;
  #rebuilding: Promise<boolean> | undefined;
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(register: LogOwner) {
    this.#register = register;
  }

  /** Whether the nodes are those of the verified log now. */
  async rebuild(): Promise<boolean> {
    if (this.#nowMs() < this.#failedAtMs + PAUSE_MS) return false;
    this.#rebuilding ??= rebuildNodes(this.#register).finally(() => {
      this.#rebuilding = undefined;
    });
    const isRebuilt = await this.#rebuilding;
    if (!isRebuilt) this.#failedAtMs = this.#nowMs();
    return isRebuilt;
  }

  #nowMs(): number {
    return Date.parse(this.#register.parts.clock.now());
  }
}

/**
 * Makes the nodes of the log again, all that proofs are made of, from what is stored: whatever source of leaves leads to the
 * verified head is right. False, without effect, when none does. Reads the whole ledger, up to four times.
 */
async function rebuildNodes(register: LogOwner): Promise<boolean> {
  for (const source of SOURCES) {
    if (!(await leadsToHead(register, { start: EMPTY_FRONTIER, source }))) continue;
    const nodes: TreeNode[] = [];
    await leadsToHead(register, {
      start: EMPTY_FRONTIER,
      source,
      onSubtree: collecting(nodes),
      onStep: () => putNodes(register, nodes.splice(0)),
    });
    return true;
  }
  return false;
}

/** Whether the log, grown from what it was by the dockets that are stored, is the one that was verified. */
export async function leadsToHead(
  register: LogOwner,
  growth: {
    readonly start: Frontier;
    readonly source: LeafSource;
    readonly onSubtree?: OnSubtree;
    readonly onStep?: () => Promise<void>;
  },
): Promise<boolean> {
  const { frontier } = register.set.sound;
  let log = growth.start;
  for (let from = log.size; from < frontier.size; from += STEP) {
    const end = from + STEP < frontier.size ? from + STEP : frontier.size;
    const leaves = await leavesOf(register, { from, end, source: growth.source });
    for (let height = from; height < end; height++) {
      const leaf = leaves.get(height);
      if (!leaf) return false;
      log = appendLeaf(log, leaf, growth.onSubtree);
    }
    await growth.onStep?.();
  }
  return sameHash(rootOf(log), rootOf(frontier));
}

/** By height. */
async function leavesOf(
  register: LogOwner,
  { from, end, source }: { readonly from: bigint; readonly end: bigint; readonly source: LeafSource },
): Promise<ReadonlyMap<bigint, Uint8Array>> {
  const node = await register.hints.leaves(from, end - 1n);
  if (source === "node" && node.size === Number(end - from)) return node;
  const { own, named } = await storedLeaves(register, from, end);
  const asked = { node: [named, own, node], own: [node, named, own], named: [node, own, named] } as const;
  return new Map(asked[source].flatMap((leaves) => [...leaves]));
}

async function storedLeaves({ parts, set }: LogOwner, from: bigint, end: bigint) {
  const own = new Map<bigint, Uint8Array>();
  const named = new Map<bigint, Uint8Array>();
  for await (const rows of parts.ledger.scan({ from, to: end, batchSize: parts.settings.verificationBatchSize })) {
    for (const { height, bytes } of rows) {
      const frame = decodeFrame(bytes);
      const header = frame && readHeader(frame.header);
      if (!header) continue;
      if (height < end) own.set(height, leafHash(docketHashOf(frame.header)));
      const previousHash = prevDocketHashIn(header);
      if (height > from && previousHash !== undefined) named.set(height - 1n, leafOf(previousHash));
    }
  }
  const { frontier, framedHash } = set.sound;
  if (end === frontier.size && framedHash !== undefined) named.set(end - 1n, leafOf(framedHash));
  return { own, named };
}

async function putNodes({ parts }: LogOwner, nodes: readonly TreeNode[]): Promise<void> {
  for (let at = 0; at < nodes.length; at += SUBTREES_MAX) {
    await parts.store.putNodes(nodes.slice(at, at + SUBTREES_MAX));
  }
}
