import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../testing/cache-store-under-test.ts";
import { HeartbeatChannel } from "./heartbeat-channel.ts";
import type { MessageReceiver, MessageTransport } from "./message-transport.ts";

/** Keeps what is sent until the test delivers it, or does not. */
class PatientTransport implements MessageTransport {
  readonly messageBytesMax = 7_000;
  readonly sent: [topic: string, message: string][] = [];
  receiver: MessageReceiver | undefined;

  receive(_topics: readonly string[], receiver: MessageReceiver): void {
    this.receiver = receiver;
  }

  async send(topic: string, message: string): Promise<void> {
    this.sent.push([topic, message]);
  }

  deliver(): void {
    for (const [topic, message] of this.sent.splice(0)) this.receiver?.onMessage(topic, message);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

let channel: HeartbeatChannel | undefined;
afterEach(async () => channel?.[Symbol.asyncDispose]());

const SILENCE_MS = 200;
/** Stands still unless the test moves it, so that no pause of the machine is a silence. */
let nowMs = 0;

function open(transport: MessageTransport): HeartbeatChannel {
  channel = new HeartbeatChannel(transport, {
    processId: "one",
    intervalMs: 5,
    silenceMs: SILENCE_MS,
    nowMs: () => nowMs,
  });
  return channel;
}

describe("a channel with a heartbeat", () => {
  it("is connected when a message to itself came back, until none does any more", async () => {
    const transport = new PatientTransport();
    const connected = open(transport);
    await until(() => transport.sent.length > 0);
    expect(connected.isConnected()).toBe(false);
    transport.deliver();
    expect(connected.isConnected()).toBe(true);
    let interruptions = 0;
    connected.subscribe({ onInvalidation: () => undefined, onInterrupted: () => interruptions++ });
    nowMs += SILENCE_MS - 1;
    expect(connected.isConnected()).toBe(true);
    nowMs += 1;
    expect(connected.isConnected()).toBe(false);
    await until(() => interruptions === 1);
    transport.deliver();
    expect(connected.isConnected()).toBe(true);
    expect(interruptions).toBe(1);
  });

  it("takes no message for a proof that was sent before an interruption", async () => {
    const transport = new PatientTransport();
    const connected = open(transport);
    await until(() => transport.sent.length > 0);
    const early = transport.sent.splice(0);
    transport.receiver?.onInterrupted();
    for (const [topic, message] of early) transport.receiver?.onMessage(topic, message);
    expect(connected.isConnected()).toBe(false);
    nowMs += 1;
    transport.sent.length = 0;
    await until(() => transport.sent.length > 0);
    transport.deliver();
    expect(connected.isConnected()).toBe(true);
  });

  it("takes what it cannot read, and what it does not know, for an order to forget everything", () => {
    const transport = new PatientTransport();
    const heard: unknown[] = [];
    open(transport).subscribe({ onInvalidation: (each) => heard.push(each), onInterrupted: () => undefined });
    const messages = ["", "{", "null", "[]", '["other","keys"]', '["other","sets",["a"]]', '["one","all",[]]'];
    for (const message of messages) transport.receiver?.onMessage("changes", message);
    expect(heard).toEqual(Array.from({ length: 6 }, () => ({ what: "all" })));
  });
});
