import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server does with a request, byte for byte. */
export type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on a port of its own that answers as a test says, whatever that is. */
export class ReplicationServer implements AsyncDisposable {
  readonly #server: Server;
  /** Paths with their queries, in their order. */
  readonly asked: string[] = [];
  answer: Answering = (_request, response) => response.writeHead(404).end();

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(request.url ?? "");
      this.answer(request, response);
    });
  }

  static async start(): Promise<ReplicationServer> {
    const server = new ReplicationServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
