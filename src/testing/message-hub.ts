import type { MessageReceiver, MessageTransport } from "../storage/cache/message-transport.ts";

/** Carries messages between transports of one process, in order and each in a later turn, as a server would. */
export class MessageHub {
  readonly #receivers = new Map<HubTransport, (topic: string, message: string) => void>();
  #isDown = false;

  open(): MessageTransport {
    return new HubTransport(this);
  }

  /** Drops what is sent until `restore`. */
  interrupt(): void {
    this.#isDown = true;
  }

  restore(): void {
    this.#isDown = false;
    for (const transport of this.#receivers.keys()) transport.interrupted();
  }

  join(transport: HubTransport, onMessage: (topic: string, message: string) => void): void {
    this.#receivers.set(transport, onMessage);
  }

  leave(transport: HubTransport): void {
    this.#receivers.delete(transport);
  }

  async send(topic: string, message: string): Promise<void> {
    if (this.#isDown) throw new RangeError("The hub is down");
    setImmediate(() => {
      for (const onMessage of this.#receivers.values()) onMessage(topic, message);
    });
  }
}

class HubTransport implements MessageTransport {
  readonly messageBytesMax = 7_000;
  readonly #hub: MessageHub;
  #receiver: MessageReceiver | undefined;

  constructor(hub: MessageHub) {
    this.#hub = hub;
  }

  receive(topics: readonly string[], receiver: MessageReceiver): void {
    this.#receiver = receiver;
    this.#hub.join(this, (topic, message) => {
      if (topics.includes(topic)) receiver.onMessage(topic, message);
    });
  }

  interrupted(): void {
    this.#receiver?.onInterrupted();
  }

  send(topic: string, message: string): Promise<void> {
    return this.#hub.send(topic, message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub.leave(this);
  }
}
