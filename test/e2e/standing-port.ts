import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { pipeline } from "node:stream";

/**
 * A port that leads to a process, and stays while that one ends and is started again on another port. A free port that is only
 * noted would be anybody's until the process listens on it.
 */
export class StandingPort implements AsyncDisposable {
  readonly port: number;
  /** Where the process listens; while that is nowhere, whoever connects is turned away. */
  target: number | undefined;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(listener: Server) {
    this.#listener = listener;
    this.port = (listener.address() as AddressInfo).port;
    listener.on("connection", (client) => this.#connect(client));
  }

  static async open(): Promise<StandingPort> {
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    return new StandingPort(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #connect(client: Socket): void {
    if (this.target === undefined) {
      client.destroy();
      return;
    }
    const process = createConnection({ host: "127.0.0.1", port: this.target });
    for (const socket of [client, process]) {
      this.#sockets.add(socket.setNoDelay(true));
      socket.once("close", () => this.#sockets.delete(socket));
    }
    // However one side ends, the other one ends with it.
    pipeline(client, process, client, () => undefined);
  }
}
