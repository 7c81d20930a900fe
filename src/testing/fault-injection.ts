import { VaultError } from "../errors.ts";
import type { CallOptions } from "../storage/call-options.ts";
import { untilAborted } from "../storage/until-aborted.ts";

/** What happens to the calls of an engine. `after` is the fault whose caller cannot know that the engine did it. */
export type Fault =
  | {
      readonly kind: "fail";
      readonly when: "before" | "after";
      readonly code: "storage_unavailable" | "storage_timeout";
    }
  /** The call is never answered, unless its signal fires. */
  | { readonly kind: "hang" }
  /** The call waits for `release` before it is made, or its answer does. */
  | { readonly kind: "hold"; readonly when: "before" | "after" };

export interface FaultRule {
  readonly fault: Fault;
  /** Names of methods; all when left out. */
  readonly methods?: readonly string[] | undefined;
  /** So many calls; all when left out. */
  readonly times?: number | undefined;
}

/** Decides about the calls of an engine under test, and counts them. */
export class FaultInjector {
  /** Names of the methods that were called, in order, whatever became of them. */
  readonly calls: string[] = [];
  #rules: { readonly rule: FaultRule; left: number }[] = [];
  #held: (() => void)[] = [];

  /** Calls that wait to be released. */
  get held(): number {
    return this.#held.length;
  }

  /** From the next call on; the first rule that fits a call counts. */
  inject(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  }

  /** Ends all faults, and lets go of what is held. Calls that hang go on hanging. */
  heal(): void {
    this.#rules = [];
    this.release();
  }

  /** @param count so many of those that are held, the first ones; all when left out */
  release(count = this.#held.length): void {
    for (const letGo of this.#held.splice(0, count)) letGo();
  }

  /** Makes a call, or what becomes of it. */
  async call<T>(method: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    this.calls.push(method);
    const fault = this.#take(method);
    if (!fault) return work();
    switch (fault.kind) {
      case "fail":
        if (fault.when === "after") await work();
        throw new VaultError(fault.code, "The fault that the test asked for.");
      case "hang":
        return untilAborted(signal, () => new Promise<T>(() => undefined));
      case "hold": {
        if (fault.when === "before") await this.#hold(signal);
        const result = await work();
        if (fault.when === "after") await this.#hold(signal);
        return result;
      }
    }
  }

  #hold(signal: AbortSignal | undefined): Promise<void> {
    return untilAborted(signal, () => new Promise((letGo) => this.#held.push(letGo)));
  }

  #take(method: string): Fault | undefined {
    const active = this.#rules.find(({ rule, left }) => left > 0 && (rule.methods?.includes(method) ?? true));
    if (!active) return undefined;
    active.left--;
    return active.rule.fault;
  }
}

const NEVER_FAULTY = new Set<string | symbol>(["statistics", "capabilities", "collection", "log"]);

/**
 * An engine, or a store, whose methods fail as the injector says: everything that returns a promise, also of the stores
 * that its `collection` and `log` return. It is closed without faults.
 */
export function withFaults<Engine extends object>(engine: Engine, injector: FaultInjector): Engine {
  return new Proxy(engine, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      const method = member.bind(target) as (...inputs: unknown[]) => unknown;
      if (property === "collection" || property === "log") {
        return (...inputs: unknown[]) => withFaults(method(...inputs) as object, injector);
      }
      if (typeof property === "symbol" || NEVER_FAULTY.has(property) || property === "stream") return method;
      if (property === "scan") return (...inputs: unknown[]) => faultySteps(method(...inputs), injector);
      return (...inputs: unknown[]) => injector.call(property, signalOf(inputs.at(-1)), async () => method(...inputs));
    },
  });
}

/** Each step of a scan is a call of its own. */
async function* faultySteps(steps: unknown, injector: FaultInjector): AsyncGenerator<unknown, void, undefined> {
  const iterator = (steps as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await injector.call("scan", undefined, () => iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

function signalOf(options: unknown): AbortSignal | undefined {
  return typeof options === "object" && options !== null ? (options as CallOptions).signal : undefined;
}
