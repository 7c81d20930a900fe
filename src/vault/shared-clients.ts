import { ClosingStack } from "./closing-stack.ts";

/** Clients that several tiers use, one for each endpoint. */
export class SharedClients implements AsyncDisposable {
  readonly #clients = new Map<string, Promise<AsyncDisposable>>();

  /** The client of the endpoint, opened when it is first asked for. One that could not be opened is tried again. */
  readonly get = <Client extends AsyncDisposable>(endpoint: string, open: () => Promise<Client>): Promise<Client> => {
    const known = this.#clients.get(endpoint);
    if (known) return known as Promise<Client>;
    const opening = open();
    this.#clients.set(endpoint, opening);
    opening.catch(() => this.#clients.delete(endpoint));
    return opening;
  };

  /** In the reverse order of their opening. */
  async [Symbol.asyncDispose](): Promise<void> {
    const clients = await Promise.allSettled(this.#clients.values());
    this.#clients.clear();
    await using closing = new ClosingStack();
    for (const client of clients) if (client.status === "fulfilled") closing.use(client.value);
  }
}
