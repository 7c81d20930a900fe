import { expect } from "vitest";

/** A write that can be sent again, byte for byte. */
export interface WriteRequest {
  readonly path: string;
  readonly idempotencyKey: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer<ArrayBuffer>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/** The API of a server, over its port, in the name of one key. */
export class HttpApi {
  readonly url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.#key = key;
  }

  /** Rejects when the connection breaks before the whole answer is there. */
  async send(path: string, init: RequestInit = {}): Promise<HttpAnswer> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.#key}` };
    const response = await fetch(this.url + path, { ...init, headers });
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  write({ path, idempotencyKey, headers, body }: WriteRequest): Promise<HttpAnswer> {
    return this.send(path, { method: "POST", headers: { ...headers, "idempotency-key": idempotencyKey }, body });
  }

  async json<Body>(path: string): Promise<Body> {
    return jsonOf<Body>(await this.send(path), 200);
  }

  async put(path: string, body: unknown): Promise<HttpAnswer> {
    const headers = { "content-type": "application/json" };
    return this.send(path, { method: "PUT", headers, body: JSON.stringify(body) });
  }

  /** Every item of a list, page after page. */
  async all<Item>(path: string): Promise<Item[]> {
    const items: Item[] = [];
    const separator = path.includes("?") ? "&" : "?";
    for (let cursor: string | null = ""; cursor !== null; ) {
      const from = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: Item[]; nextCursor: string | null } = await this.json(`${path}${separator}limit=100${from}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }
}

/** The body of an answer that is expected to have one of these statuses. */
export function jsonOf<Body>({ status, bytes }: HttpAnswer, ...statuses: readonly number[]): Body {
  if (!statuses.includes(status)) expect.fail(`${status} ${bytes.toString()}`);
  return JSON.parse(bytes.toString()) as Body;
}
