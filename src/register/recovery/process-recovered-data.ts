import { VaultError } from "../../errors.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { judgeAgain, judgeWhatFollows } from "../verified/judge-again.ts";
import { trustedLogs } from "../verified/open-register.ts";
import { readDockets } from "../verified/register-reads.ts";
import { nodesByHeight } from "../verified/tree-nodes.ts";
import { requireOpen, type VerifiedRegister } from "../verified/verified-register.ts";
import type { VerifiedSet } from "../verified/verified-set.ts";
import { fitHoles } from "./fit-holes.ts";
import { fitSuffix } from "./fit-suffix.ts";
import { integrateDocket } from "./integrate-docket.ts";
import { type RecoveredData, type RecoveryResult, type RefusedDocket, refused } from "./recovered-data.ts";

/**
 * Takes what somebody else has of a register in the place of what is damaged here: each docket is verified as one of our own is,
 * and has to be the one that the log has at its height. Nothing that is verified is ever replaced, and what a checkpoint
 * covers keeps its hash. Then everything that was only damaged because of what came before is judged again. Rejects with
 * `register_offline` and like the reads of the register.
 */
export function processRecoveredData(register: VerifiedRegister, data: RecoveredData): Promise<RecoveryResult> {
  return register.inTurn(async () => {
    requireOpen(register);
    const isAlone = register.condition.see("recovery_started");
    try {
      return await new RecoveredPiece(register, data).process();
    } finally {
      if (isAlone) register.condition.see("recovery_given_up", register.damage);
    }
  });
}

/** Throws `register_range_damaged` unless every docket of the range is verified now. The book follows from what is found. */
export async function markRangeRecovered(register: VerifiedRegister, start: bigint, end: bigint): Promise<void> {
  const { set } = register;
  const isWhole = start <= end && start >= 0n && end < set.total && set.examined === set.total;
  if (!isWhole || set.isDamagedBetween(start, end)) {
    throw new VaultError("register_range_damaged", "Not every docket of the range is verified.");
  }
  await register.recordRanges();
}

class RecoveredPiece {
  readonly #register: VerifiedRegister;
  readonly #data: RecoveredData;
  readonly #refused: RefusedDocket[] = [];
  #dockets = 0;
  #transactions = 0;

  constructor(register: VerifiedRegister, data: RecoveredData) {
    this.#register = register;
    this.#data = data;
  }

  async process(): Promise<RecoveryResult> {
    const ascending = this.#inPlace();
    await this.#compareKnown(ascending);
    await this.#fillHoles(ascending);
    await this.#extendSuffix(ascending);
    await this.#conclude();
    const [first] = this.#refused.toSorted((a, b) => (a.height < b.height ? -1 : 1));
    return {
      isSuccess: first === undefined,
      docketsRecovered: this.#dockets,
      transactionsRecovered: this.#transactions,
      ...(first && { problem: first.problem, errorMessage: first.message }),
      remainingCorruption: this.#register.set.ranges,
    };
  }

  get #set(): VerifiedSet {
    return this.#register.set;
  }

  /** Those whose heights ascend and are of the register. */
  #inPlace(): readonly DocketBytes[] {
    let next = 0n;
    return this.#data.dockets.filter(({ height }) => {
      const isInPlace = height >= next && height < this.#set.total;
      if (isInPlace) next = height + 1n;
      else this.#refused.push(refused(height, "not_valid", "The docket has no place here."));
      return isInPlace;
    });
  }

  /** A docket that is verified stays. Another one that is sealed for its height is an alarm. */
  async #compareKnown(dockets: readonly DocketBytes[]): Promise<void> {
    const { register, examiner } = { register: this.#register, examiner: this.#register.parts.examiner };
    const known = dockets.filter(({ height }) => this.#set.absenceOf(height) === undefined);
    const verified = await readDockets(
      register,
      known.map(({ height }) => height),
    );
    const byHeight = new Map(verified.map((docket) => [docket.height, docket]));
    const { registerId, keys } = this.#set.sound;
    const examinations = await examiner.examine(known, { registerId, keys });
    for (const { height, problem, header } of examinations) {
      const own = byHeight.get(height);
      if (!own || own.hash === header?.docketHash) continue;
      if (header?.isSealed) this.#refused.push(refused(height, "fork", "Another docket is sealed for this height."));
      else this.#refused.push(refused(height, "not_valid", problem?.details ?? "The bytes are no docket."));
    }
  }

  async #fillHoles(dockets: readonly DocketBytes[]): Promise<void> {
    const holes = dockets.filter(({ height }) => height < this.#set.sound.frontier.size && this.#isDamaged(height));
    if (holes.length === 0) return;
    const { fitting, refused: refusals, changesOthers } = await fitHoles(this.#register, holes);
    this.#refused.push(...refusals);
    for (const docket of fitting) {
      await this.#integrate(docket, []);
      this.#register.condition.replace(this.#set.withoutHeight(docket.height));
    }
    if (changesOthers) await judgeAgain(this.#register);
  }

  async #extendSuffix(dockets: readonly DocketBytes[]): Promise<void> {
    const from = this.#set.sound.frontier.size;
    const behind = dockets.filter(({ height }) => height >= from && this.#isDamaged(height));
    const piece = behind.filter(({ height }, at) => height === from + BigInt(at));
    for (const { height } of behind.slice(piece.length)) {
      this.#refused.push(refused(height, "early", "Dockets before this one are damaged still."));
    }
    if (piece.length === 0) return;
    const trusted = await trustedLogs(this.#register.parts);
    const { leafHint } = this.#data;
    const fit = await fitSuffix(this.#register, piece, { trusted, leafHint });
    if (fit.refused) this.#refused.push(fit.refused);
    const nodes = nodesByHeight(fit.nodes);
    for (const docket of fit.fitting) await this.#integrate(docket, nodes.get(docket.height) ?? []);
    const set = fit.fitting.reduce((rest, { height }) => rest.withoutHeight(height), this.#set);
    this.#register.condition.replace(set.with({ sound: fit.state }));
    if (fit.fitting.length > 0) await judgeWhatFollows(this.#register);
  }

  #isDamaged(height: bigint): boolean {
    return this.#set.absenceOf(height) === "Corrupted";
  }

  async #integrate(docket: DocketBytes, nodes: Parameters<typeof integrateDocket>[2]["nodes"]): Promise<void> {
    const { transactionIds } = await integrateDocket(this.#register, docket, { source: this.#data.source, nodes });
    this.#dockets += 1;
    this.#transactions += transactionIds.length;
  }

  async #conclude(): Promise<void> {
    const { tenantId, registerId, events, journal, snapshots } = this.#register.parts;
    for (const { height } of this.#refused.filter(({ problem }) => problem === "fork").slice(0, FORKS_TOLD_MAX)) {
      const fork = { registerId, height: height.toString() };
      events.registerForkDetected({ tenantId, ...fork });
      await journal("register_fork_detected", { ...fork, source: this.#data.source });
    }
    await this.#register.recordRanges();
    if (this.#dockets > 0 && this.#set.isComplete) await snapshots.save(this.#set.sound);
  }
}

/** Of one piece; more would tell nothing new. */
const FORKS_TOLD_MAX = 10;
