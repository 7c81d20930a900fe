import type { Clock, Instant } from "../../clock.ts";
import type { TenantId } from "../../identifiers.ts";
import type { RegisterEvents } from "../../telemetry/register-events.ts";
import { nextState, type OperationalEvent, type OperationalState } from "../operational-state.ts";
import type { CorruptedHeights } from "../verification/corruption.ts";
import type { VerifiedSet } from "./verified-set.ts";

/** What a register is doing, as it is told. */
export interface RegisterOperationalState {
  readonly registerId: string;
  readonly state: OperationalState;
  readonly verifiedHeight: bigint | null;
  /** Dockets that there ought to be. */
  readonly totalHeight: bigint;
  readonly corruptedRanges: number;
  readonly lastStateChange: Instant;
  readonly message: string | null;
  /** Of a verification that is under way. */
  readonly progress: { readonly examined: bigint; readonly total: bigint; readonly perSecond: number } | null;
}

/** Where one register stands: its operational state and which of its dockets may be served. */
export class RegisterCondition {
  readonly registerId: string;
  readonly #tenantId: TenantId;
  readonly #clock: Clock;
  readonly #events: RegisterEvents;
  #set: VerifiedSet;
  /** Damage that was met since the last verification began. */
  #met: CorruptedHeights[] = [];
  #state: OperationalState = "Offline";
  #wasInitialized = false;
  #lastStateChange: Instant;
  #message: string | null = "The register was not opened yet.";
  #progress: { readonly since: number; readonly from: bigint } | undefined;
  /** How far a verification is that takes nothing out of what is served. */
  #survey: { readonly examined: bigint; readonly total: bigint } | undefined;

  constructor(options: {
    readonly tenantId: TenantId;
    readonly registerId: string;
    readonly clock: Clock;
    readonly events: RegisterEvents;
    readonly set: VerifiedSet;
  }) {
    this.#tenantId = options.tenantId;
    this.registerId = options.registerId;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#set = options.set;
    this.#lastStateChange = options.clock.now();
  }

  get set(): VerifiedSet {
    return this.#set;
  }

  get state(): OperationalState {
    return this.#state;
  }

  /** Before that a register is offline because nobody has asked for anything else. */
  get wasInitialized(): boolean {
    return this.#wasInitialized;
  }

  replace(set: VerifiedSet): void {
    this.#set = set;
  }

  /** What a verification begins with. */
  begin(set: VerifiedSet): void {
    this.#met = [];
    this.#set = set;
  }

  /** What it has come to so far. What others have met since it began, of what it found good, stays damaged. */
  judge(parts: Parameters<VerifiedSet["with"]>[0]): void {
    this.#set = this.#met.reduce((set, range) => set.withRange(range), this.#set.with(parts));
  }

  /** Takes out of what may be served what somebody has met. */
  meet(damage: CorruptedHeights): void {
    this.#met.push(damage);
    this.#set = this.#set.withRange(damage);
  }

  /** What happens leads to another state, or nowhere when it cannot happen in this one: whether it did. */
  see(event: OperationalEvent, message: string | null = null): boolean {
    const next = nextState(this.#state, event);
    if (next === undefined) return false;
    this.#wasInitialized = true;
    if (event === "initialize") this.#progress = { since: this.#nowMs(), from: this.#set.examined };
    if (next !== "Initializing") this.#progress = undefined;
    this.#message = message;
    if (next === this.#state) return true;
    const from = this.#state;
    this.#state = next;
    this.#lastStateChange = this.#clock.now();
    const { registerId } = this;
    this.#events.registerStateChanged({
      tenantId: this.#tenantId,
      registerId,
      from,
      to: next,
      trigger: event,
      message,
    });
    return true;
  }

  /** Tells how far a verification is that goes on beside everything else; `undefined` when it has ended. */
  tellSurvey(survey: { readonly examined: bigint; readonly total: bigint } | undefined): void {
    if (survey && !this.#survey) this.#progress = { since: this.#nowMs(), from: survey.examined };
    if (!survey) this.#progress = undefined;
    this.#survey = survey;
  }

  describe(): RegisterOperationalState {
    return {
      registerId: this.registerId,
      state: this.#state,
      verifiedHeight: this.#set.heights.contiguousHeight,
      totalHeight: this.#set.total,
      corruptedRanges: this.#set.ranges.length,
      lastStateChange: this.#lastStateChange,
      message: this.#message,
      progress: this.#describeProgress(),
    };
  }

  #describeProgress(): RegisterOperationalState["progress"] {
    if (!this.#progress) return null;
    const { examined, total } = this.#survey ?? this.#set;
    const seconds = Math.max(0.001, (this.#nowMs() - this.#progress.since) / 1_000);
    return { examined, total, perSecond: Math.round(Number(examined - this.#progress.from) / seconds) };
  }

  #nowMs(): number {
    return Date.parse(this.#clock.now());
  }
}
