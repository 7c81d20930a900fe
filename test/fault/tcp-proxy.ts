import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";

/** What the proxy does with bytes and connections. */
export type ProxyFault =
  | { readonly kind: "none" }
  /** Each piece of data waits so long, in both directions, as on a long way. */
  | { readonly kind: "latency"; readonly ms: number }
  /** Connections are taken and nothing passes, as when packets are dropped. What was sent meanwhile is lost. */
  | { readonly kind: "black-hole" }
  /** One byte passes in so many milliseconds. */
  | { readonly kind: "drip"; readonly ms: number }
  /** The end of the connections to the server is hidden, and those to the client are ended on its side alone. */
  | { readonly kind: "half-close" }
  /** Connections are reset, the new ones too. */
  | { readonly kind: "reset" }
  /** Connections are reset and the port is closed. */
  | { readonly kind: "refuse" };

/** A way to a server on this machine that can be made worse. Counts what goes over it. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  /** Connections that were asked for, since it began. */
  connections = 0;
  /** Bytes that clients sent, whether they arrived or not. */
  bytesSent = 0;
  readonly #serverPort: number;
  readonly #pairs = new Set<Pair>();
  #listener: Server | undefined;
  #fault: ProxyFault = { kind: "none" };

  private constructor(port: number, serverPort: number, listener: Server) {
    this.port = port;
    this.#serverPort = serverPort;
    this.#adopt(listener);
  }

  static async to(serverPort: number): Promise<TcpProxy> {
    const listener = await listening(0);
    return new TcpProxy((listener.address() as AddressInfo).port, serverPort, listener);
  }

  /** From now on, also on connections that are open. */
  async setFault(fault: ProxyFault): Promise<void> {
    const wasHole = this.#fault.kind === "black-hole" || this.#fault.kind === "half-close";
    this.#fault = fault;
    // What went into a hole is missing from the stream: nothing sensible can follow.
    if (wasHole || fault.kind === "reset" || fault.kind === "refuse") this.#resetAll();
    for (const pair of this.#pairs) pair.setFault(fault);
    if (fault.kind === "refuse") await this.#closeListener();
    else if (!this.#listener) this.#adopt(await listening(this.port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#resetAll();
    await this.#closeListener();
  }

  #adopt(listener: Server): void {
    this.#listener = listener;
    listener.on("connection", (client) => this.#connect(client));
  }

  #connect(client: Socket): void {
    this.connections++;
    if (this.#fault.kind === "reset") {
      client.on("error", () => undefined);
      client.resetAndDestroy();
      return;
    }
    const server = createConnection({ host: "127.0.0.1", port: this.#serverPort, allowHalfOpen: true });
    const pair = new Pair(client, server, (bytes) => {
      this.bytesSent += bytes;
    });
    this.#pairs.add(pair);
    pair.setFault(this.#fault);
    void pair.ended.then(() => this.#pairs.delete(pair));
  }

  #resetAll(): void {
    for (const pair of this.#pairs) pair.reset();
    this.#pairs.clear();
  }

  async #closeListener(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    if (!listener) return;
    listener.close();
    await once(listener, "close");
  }
}

async function listening(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** One connection through the proxy: a socket on either side. */
class Pair {
  readonly ended: Promise<unknown>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #forth: Direction;
  readonly #back: Direction;

  constructor(client: Socket, server: Socket, onSent: (bytes: number) => void) {
    this.#client = client;
    this.#server = server;
    this.#forth = new Direction(client, server, onSent);
    this.#back = new Direction(server, client, () => undefined);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.reset());
    }
    this.ended = Promise.all([client, server].map((socket) => once(socket, "close").catch(() => undefined)));
  }

  setFault(fault: ProxyFault): void {
    this.#forth.setFault(fault);
    this.#back.setFault(fault);
    if (fault.kind === "half-close") this.#client.end();
  }

  reset(): void {
    this.#forth.stop();
    this.#back.stop();
    for (const socket of [this.#client, this.#server]) if (!socket.destroyed) socket.resetAndDestroy();
  }
}

/** Takes what one socket receives to the other one. */
class Direction {
  readonly #to: Socket;
  readonly #timers = new Set<NodeJS.Timeout>();
  #fault: ProxyFault = { kind: "none" };
  /** When the last piece that waits is due: nothing overtakes. */
  #dueMs = 0;

  constructor(from: Socket, to: Socket, onBytes: (bytes: number) => void) {
    this.#to = to;
    from.on("data", (bytes: Buffer) => {
      onBytes(bytes.length);
      this.#pass(bytes);
    });
    from.on("end", () => {
      if (this.#fault.kind !== "half-close" && this.#fault.kind !== "black-hole") to.end();
    });
  }

  setFault(fault: ProxyFault): void {
    this.#fault = fault;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #pass(bytes: Buffer): void {
    switch (this.#fault.kind) {
      case "black-hole":
      case "half-close":
        return;
      case "latency":
        this.#later(this.#fault.ms, bytes, performance.now());
        return;
      case "drip":
        for (const byte of bytes) {
          this.#later(this.#fault.ms, Buffer.from([byte]), Math.max(this.#dueMs, performance.now()));
        }
        return;
      case "none":
      case "reset":
      case "refuse":
        if (this.#dueMs > performance.now()) this.#later(0, bytes, this.#dueMs);
        else this.#to.write(bytes);
    }
  }

  #later(ms: number, bytes: Buffer, fromMs: number): void {
    this.#dueMs = Math.max(this.#dueMs, fromMs + ms);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#to.writable) this.#to.write(bytes);
    }, this.#dueMs - performance.now());
    this.#timers.add(timer);
  }
}
