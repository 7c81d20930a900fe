import { readFile } from "node:fs/promises";
import { dim } from "./steps.ts";

/** A small client of the vault's HTTP API: it shows each request it makes and fails loudly. */
export class Api {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  get<T>(path: string): Promise<T> {
    return this.#send("GET", path);
  }

  /** What is answered instead of what was asked for. */
  async problem<T>(path: string): Promise<T> {
    const response = await fetch(this.#url + path, { headers: { authorization: `Bearer ${this.#key}` } });
    console.log(dim(`   GET ${path} -> ${response.status}`));
    if (response.ok) throw new Error(`GET ${path} answered ${response.status}`);
    return (await response.json()) as T;
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#send("POST", path, JSON.stringify(body));
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#send("PUT", path, JSON.stringify(body));
  }

  delete<T>(path: string): Promise<T> {
    return this.#send("DELETE", path);
  }

  async upload<T>(path: string, file: URL, metadata: object): Promise<T> {
    const form = new FormData();
    form.append("metadata", JSON.stringify(metadata));
    const name = file.pathname.split("/").at(-1) ?? "file";
    form.append("file", new Blob([await readFile(file)], { type: "image/png" }), name);
    return this.#send("POST", path, form);
  }

  async #send<T>(method: string, path: string, body?: string | FormData): Promise<T> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(typeof body === "string" && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
    });
    console.log(dim(`   ${method} ${path} -> ${response.status}`));
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}
