import type { FastifyInstance } from "fastify";
import { expect } from "vitest";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, with a content type of its own in `headers`. */
  readonly payload?: string | Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** An answer of the server. */
export class Reply<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;

  constructor(status: number, headers: Readonly<Record<string, unknown>>, bytes: Buffer) {
    this.status = status;
    this.headers = headers;
    this.bytes = bytes;
  }

  get text(): string {
    return this.bytes.toString();
  }

  get json(): Body {
    return JSON.parse(this.text) as Body;
  }

  /** The body of an answer that is expected to have this status. */
  expect(status: number): Body {
    expect(`${this.status} ${this.status === status ? "" : this.text}`).toBe(`${status} `);
    return (this.bytes.length === 0 ? undefined : this.json) as Body;
  }

  /** A problem that is expected to have this status and code. */
  expectProblem(status: number, code: string): ProblemBody {
    expect(`${this.status} ${this.text}`).toMatch(new RegExp(`^${status} \\{`));
    expect(this.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    const problem = JSON.parse(this.text) as ProblemBody;
    expect(problem).toMatchObject({ status, code });
    return problem;
  }
}

export interface ProblemBody {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly code: string; readonly in?: string }[];
  readonly [member: string]: unknown;
}

/** Sends requests in the name of one API key, or of nobody, without a port. */
export class Caller {
  readonly key: string | undefined;
  readonly #server: FastifyInstance;

  constructor(server: FastifyInstance, key: string | undefined) {
    this.#server = server;
    this.key = key;
  }

  async send<Body = never>(method: Method, url: string, options: CallOptions = {}): Promise<Reply<Body>> {
    const isJson = options.body !== undefined;
    const headers = {
      ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
      ...(isJson && { "content-type": "application/json" }),
      ...options.headers,
    };
    const payload = isJson ? JSON.stringify(options.body) : options.payload;
    const answer = await this.#server.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
    return new Reply<Body>(answer.statusCode, answer.headers, answer.rawPayload);
  }

  get<Body = never>(url: string, headers?: CallOptions["headers"]): Promise<Reply<Body>> {
    return this.send("GET", url, { headers });
  }

  post<Body = never>(url: string, body?: unknown, headers?: CallOptions["headers"]): Promise<Reply<Body>> {
    return this.send("POST", url, { body, headers });
  }

  put<Body = never>(url: string, body: unknown, headers?: CallOptions["headers"]): Promise<Reply<Body>> {
    return this.send("PUT", url, { body, headers });
  }

  patch<Body = never>(url: string, body: unknown, headers?: CallOptions["headers"]): Promise<Reply<Body>> {
    return this.send("PATCH", url, { body, headers });
  }

  delete<Body = never>(url: string, headers?: CallOptions["headers"]): Promise<Reply<Body>> {
    return this.send("DELETE", url, { headers });
  }
}
