import type { Invalidation, InvalidationChannel, InvalidationListener } from "./invalidation-channel.ts";
import type { MessageTransport } from "./message-transport.ts";
import { PendingInvalidations } from "./pending-invalidations.ts";

export interface HeartbeatChannelOptions {
  /** Names this process; 1 to 40 ASCII letters, digits and hyphens. */
  readonly processId: string;
  /** How often a message to this process itself is sent. 250 ms when left out. */
  readonly intervalMs?: number | undefined;
  /**
   * How old the last one may be that came back. 750 ms when left out, so that with the interval it is within a second.
   */
  readonly silenceMs?: number | undefined;
  /** A clock that only ever goes forward. That of the process when left out. */
  readonly nowMs?: (() => number) | undefined;
}

const CHANGES = "changes";

/**
 * Sends invalidations with whatever carries messages, and knows by messages to itself whether it hears everything: as
 * messages arrive in one order, one that came back was behind all that others sent before it.
 */
export class HeartbeatChannel implements InvalidationChannel {
  readonly #transport: MessageTransport;
  readonly #processId: string;
  readonly #beatTopic: string;
  readonly #silenceMs: number;
  readonly #nowMs: () => number;
  readonly #listeners = new Set<InvalidationListener>();
  readonly #pending = new PendingInvalidations();
  readonly #timer: NodeJS.Timeout;
  #sending: Promise<boolean> | undefined;
  /** When the last message to itself was sent that came back. */
  #heardMs = Number.NEGATIVE_INFINITY;
  /** Only what was sent later proves anything. */
  #interruptedMs = Number.NEGATIVE_INFINITY;
  #isInterrupted = true;

  constructor(transport: MessageTransport, options: HeartbeatChannelOptions) {
    this.#transport = transport;
    this.#processId = options.processId;
    this.#beatTopic = `beat-${options.processId}`;
    this.#silenceMs = options.silenceMs ?? 750;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    transport.receive([CHANGES, this.#beatTopic], {
      onMessage: (topic, message) =>
        topic === this.#beatTopic ? this.#heard(Number(message)) : this.#received(message),
      onInterrupted: () => this.#interrupted(),
    });
    this.#timer = setInterval(() => this.#beat(), options.intervalMs ?? 250).unref();
    this.#beat();
  }

  isConnected(): boolean {
    return this.#nowMs() - this.#heardMs < this.#silenceMs;
  }

  publish(invalidation: Invalidation): Promise<boolean> {
    this.#pending.add(invalidation);
    return this.#flush();
  }

  subscribe(listener: InvalidationListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#heardMs = Number.NEGATIVE_INFINITY;
    this.#listeners.clear();
    await this.#transport[Symbol.asyncDispose]();
  }

  /** What waits is sent first: when the beat comes back, it is on its way. */
  #beat(): void {
    if (!this.isConnected()) this.#fallSilent();
    const send = async (): Promise<void> => {
      if (this.#pending.isEmpty || (await this.#flush())) {
        await this.#transport.send(this.#beatTopic, String(this.#nowMs()));
      }
    };
    // A beat that was not sent does not come back, which is all there is to know of the failure.
    send().catch(ignore);
  }

  #heard(sentMs: number): void {
    if (!(sentMs > this.#interruptedMs)) return;
    this.#heardMs = Math.max(this.#heardMs, sentMs);
    this.#isInterrupted = false;
  }

  #received(message: string): void {
    const { processId, invalidation } = parseMessage(message);
    if (processId === this.#processId) return;
    for (const listener of this.#listeners) listener.onInvalidation(invalidation);
  }

  #interrupted(): void {
    this.#interruptedMs = this.#nowMs();
    this.#fallSilent();
    this.#beat();
  }

  #fallSilent(): void {
    this.#heardMs = Number.NEGATIVE_INFINITY;
    if (this.#isInterrupted) return;
    this.#isInterrupted = true;
    for (const listener of this.#listeners) listener.onInterrupted();
  }

  /** All calls of one moment wait for one sending, which begins when the moment is over. */
  #flush(): Promise<boolean> {
    this.#sending ??= Promise.resolve().then(() => {
      this.#sending = undefined;
      return this.#sendPending();
    });
    return this.#sending;
  }

  async #sendPending(): Promise<boolean> {
    const messages = this.#pending.take(this.#transport.messageBytesMax);
    const sent = await Promise.allSettled(
      messages.map(async (invalidation) => {
        const names = invalidation.what === "all" ? [] : invalidation.names;
        await this.#transport.send(CHANGES, JSON.stringify([this.#processId, invalidation.what, names]));
      }),
    );
    const failed = messages.filter((_, index) => sent[index]?.status === "rejected");
    for (const invalidation of failed) this.#pending.add(invalidation);
    return failed.length === 0;
  }
}

/** What cannot be read is of a version to come, and may mean anything. */
function parseMessage(message: string): { processId: string; invalidation: Invalidation } {
  try {
    const [processId, what, names] = JSON.parse(message) as [string, Invalidation["what"], string[]];
    if ((what === "keys" || what === "tags") && Array.isArray(names))
      return { processId, invalidation: { what, names } };
    return { processId, invalidation: { what: "all" } };
  } catch {
    return { processId: "", invalidation: { what: "all" } };
  }
}

function ignore(): void {}
