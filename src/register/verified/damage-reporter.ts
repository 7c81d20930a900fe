import type { CorruptionRangeRecord } from "../range-record.ts";
import type { RegisterCondition } from "./register-condition.ts";
import type { RegisterParts } from "./register-parts.ts";
import type { VerifiedSet } from "./verified-set.ts";

/** Is told when a verification has ended, when damage is found later, and when the register could not be opened. */
export interface RegisterWatcher {
  onVerified?(): void;
  onDamage?(): void;
  onFailed?(): void;
}

interface ReportedRegister {
  readonly parts: Pick<RegisterParts, "tenantId" | "registerId" | "events" | "journal" | "ranges">;
  readonly condition: RegisterCondition;
  readonly watchers: Iterable<RegisterWatcher>;
}

/**
 * Brings the state, the book and the journal of one register in line with what is damaged. The state first, which needs no
 * storage: a register that is damaged says so although nothing can be written down, and that is made up for later.
 */
export class DamageReporter {
  readonly #register: ReportedRegister;
  /** Two readers may meet the same damage at once, which is to be written down once. */
  #last: Promise<unknown> = Promise.resolve();
  /** In the book, and not in the journal. */
  #untold: readonly CorruptionRangeRecord[] = [];
  #isDue = false;

  constructor(register: ReportedRegister) {
    this.#register = register;
  }

  /** Whether something that was found damaged could not be written down. */
  get isDue(): boolean {
    return this.#isDue;
  }

  report(): Promise<void> {
    const report = this.#last.then(() => this.#report());
    this.#last = report.catch(() => undefined);
    return report;
  }

  async #report(): Promise<void> {
    const { condition, parts } = this.#register;
    const { set } = condition;
    // A verification that is under way goes on, and tells at its end.
    if (set.ranges.length > 0 && set.examined === set.total) condition.see("corruption_found", damageOf(set));
    this.#isDue = true;
    const added = await parts.ranges.record(condition.set);
    this.#untold = [...this.#untold, ...added];
    if (added.length > 0) for (const watcher of this.#register.watchers) watcher.onDamage?.();
    await this.#tell();
    this.#isDue = false;
    const isWhole = condition.set.ranges.length === 0 && condition.set.isComplete;
    if (isWhole && !condition.see("recovered")) condition.see("verified");
  }

  async #tell(): Promise<void> {
    const { tenantId, registerId, events, journal } = this.#register.parts;
    for (let [first, ...rest] = this.#untold; first; [first, ...rest] = this.#untold) {
      const { startHeight, endHeight, type, transactionIds } = first;
      const range = { startHeight: startHeight.toString(), endHeight: endHeight.toString(), type };
      await journal("register_corruption_found", { registerId, ...range, transactionIds });
      events.registerCorruptionFound({ tenantId, registerId, ...range });
      this.#untold = rest;
    }
  }
}

/** What is damaged, for people. */
export function damageOf({ ranges }: VerifiedSet): string {
  const heights = ranges
    .slice(0, 10)
    .map(({ start, end, type }) => (start === end ? `${start} (${type})` : `${start} to ${end} (${type})`));
  return `Damaged dockets: ${heights.join(", ")}${ranges.length > 10 ? " and more" : ""}.`;
}
