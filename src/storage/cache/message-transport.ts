export interface MessageReceiver {
  onMessage(topic: string, message: string): void;
  /** Messages may have been lost; also called when a connection is had for the first time. */
  onInterrupted(): void;
}

/**
 * Carries texts between processes. What is sent on any topic reaches each receiver in one order, unless it is lost in
 * an interruption, which the receiver is told of before anything that was sent later.
 */
export interface MessageTransport extends AsyncDisposable {
  /** Bytes of UTF-8 in a message; at least 7,000. */
  readonly messageBytesMax: number;
  /** Topics are ASCII words of up to 50 characters. Called once. */
  receive(topics: readonly string[], receiver: MessageReceiver): void;
  /** Resolves when the server has it; rejects when that cannot be told. */
  send(topic: string, message: string): Promise<void>;
}
