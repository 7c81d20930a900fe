import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { RegisterStatusJson } from "../../src/http/register-answers.ts";
import { openPGlite } from "../../src/storage/postgres/pglite-connection.ts";
import type { OwnerConnection } from "../../src/storage/postgres/sql-database.ts";
import { HttpApi, jsonOf } from "./http-api.ts";
import { StandingPort } from "./standing-port.ts";
import { type ServingProcess, startListening } from "./strongroom-process.ts";

export interface VaultOptions {
  readonly name: string;
  /** Where the folders of both vaults are. */
  readonly directory: string;
  readonly port: StandingPort;
  /** Of the default tenant's administrator. */
  readonly key: string;
  readonly argv: readonly string[];
  /** Who has copies of its register. */
  readonly peers: readonly { readonly url: string; readonly key: string }[];
}

/** A vault with a folder and a port of its own, whose process can end and be started again. */
export class VaultProcess implements AsyncDisposable {
  readonly api: HttpApi;
  readonly #options: VaultOptions;
  #process: ServingProcess | undefined;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.api = new HttpApi(`http://127.0.0.1:${options.port.port}`, options.key);
  }

  get errors(): string {
    return this.#process?.program.errors() ?? "";
  }

  get folder(): string {
    return join(this.#options.directory, this.#options.name);
  }

  /** @param verifyAll whether every docket is verified before it listens */
  async start(verifyAll = false): Promise<void> {
    const { argv, port, key, peers } = this.#options;
    await mkdir(this.folder, { recursive: true });
    const tables: string[] = [];
    for (const [at, peer] of peers.entries()) {
      await writeFile(join(this.folder, `peer-${at}.key`), peer.key);
      tables.push(`[[register.peers]]\nurl = "${peer.url}"\nkey = "file:peer-${at}.key"\n`);
    }
    await writeFile(join(this.folder, "strongroom.toml"), tables.join("\n"));
    const environment = {
      STRONGROOM_API_KEY: key,
      STRONGROOM__REGISTER__SEAL_INTERVAL_MS: "50",
      STRONGROOM__REGISTER__VERIFY_ALL_AT_START: String(verifyAll),
    };
    this.#process = await startListening([...argv, "--json"], { directory: this.folder, environment });
    port.target = Number(new URL(this.#process.url).port);
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const { program } = this.#process ?? expect.fail("it runs");
    this.#options.port.target = undefined;
    program.send(signal);
    expect(await program.exit()).toBe(signal === "SIGTERM" ? 0 : "SIGKILL");
    this.#process = undefined;
  }

  status(): Promise<RegisterStatusJson> {
    return this.api.json("/v1/register");
  }

  /** The hashes of all dockets that it serves. */
  async hashes(): Promise<readonly string[]> {
    return (await this.api.all<{ hash: string }>("/v1/register/dockets")).map(({ hash }) => hash);
  }

  /** Something to be sealed, and waits until it is. */
  async write(): Promise<void> {
    const before = await this.sealed();
    const channelIdentity = { channel: "webchat", channelUserId: crypto.randomUUID() };
    const body = JSON.stringify({ channelIdentity });
    const headers = { "content-type": "application/json" };
    jsonOf(await this.api.send("/v1/customers", { method: "POST", headers, body }), 200, 201);
    await expect.poll(() => this.sealed(), { timeout: 60_000 }).toBeGreaterThan(before);
  }

  /** Dockets that its newest checkpoint covers. */
  async sealed(): Promise<number> {
    const answer = await this.api.send("/v1/register");
    return answer.status === 404 ? 0 : Number(jsonOf<RegisterStatusJson>(answer, 200).checkpoint?.size ?? 0);
  }

  /** Whether everything that it has written down is sealed. */
  async isSealed(): Promise<boolean> {
    const { items } = await this.api.json<{ items: readonly { ledger: { status: string } }[] }>(
      "/v1/audit/events?limit=1",
    );
    return items.every(({ ledger }) => ledger.status === "sealed");
  }

  /** Changes what is stored of dockets while the process does not run, as the owner of the database. */
  async damage(work: (owner: OwnerConnection) => Promise<unknown>): Promise<void> {
    const dataDirectory = join(this.folder, "data", "database");
    await using database = await openPGlite({ dataDirectory, schema: "strongroom" });
    await database.asOwner(async (owner) => {
      await owner.execute("set search_path to strongroom; begin");
      await owner.execute("alter table worm_records disable trigger user, no force row level security");
      await work(owner);
      await owner.execute("alter table worm_records enable trigger user, force row level security");
      for (const trigger of ["worm_records_append_only", "worm_records_immutable"]) {
        await owner.execute(`alter table worm_records enable always trigger ${trigger}`);
      }
      await owner.execute("commit; reset search_path");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    await this.#options.port[Symbol.asyncDispose]();
  }
}

export interface RegisterPair extends AsyncDisposable {
  /** Seals a register, and recovers it from the other. */
  readonly a: VaultProcess;
  /** Keeps a copy of it, and recovers that from the first. */
  readonly b: VaultProcess;
}

/** Two vaults that are not started yet. */
export async function registerPair(directory: string): Promise<RegisterPair> {
  const [portA, portB] = [await StandingPort.open(), await StandingPort.open()];
  const [keyA, keyB] = ["key-of-the-vault-that-seals", "key-of-the-vault-that-copies"];
  const [urlA, urlB] = [`http://127.0.0.1:${portA.port}`, `http://127.0.0.1:${portB.port}`];
  const common = { directory };
  const peers = [{ url: urlB, key: keyB }];
  const a = new VaultProcess({ ...common, name: "a", port: portA, key: keyA, argv: ["serve"], peers });
  const argv = ["replicate", "--from", urlA, "--key", keyA];
  const b = new VaultProcess({ ...common, name: "b", port: portB, key: keyB, argv, peers: [] });
  return {
    a,
    b,
    async [Symbol.asyncDispose]() {
      await a[Symbol.asyncDispose]();
      await b[Symbol.asyncDispose]();
    },
  };
}
