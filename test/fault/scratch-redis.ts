import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";

import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";

const PROGRAM = "/usr/bin/redis-server";

/** Why no server can be started here, or `undefined`. */
export function redisProblem(): string | undefined {
  return existsSync(PROGRAM) ? undefined : "no Redis server is installed";
}

export interface ScratchRedisOptions {
  /** Every command is on the disk before it is answered, and is there again after a restart. Else nothing is kept. */
  readonly isDurable?: boolean | undefined;
}

/** A Redis server of its own, to be broken. Disposing of it ends it. */
export class ScratchRedis implements AsyncDisposable {
  readonly port: number;
  readonly #directory: string;
  readonly #persistence: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, directory: string, { isDurable = false }: ScratchRedisOptions) {
    this.port = port;
    this.#directory = directory;
    this.#persistence = isDurable ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  }

  static async make(options: ScratchRedisOptions = {}): Promise<ScratchRedis> {
    const server = new ScratchRedis(await freePort(), await mkdtemp(join(tmpdir(), "strongroom-redis-")), options);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const options = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", ...this.#persistence];
    const server = spawn(PROGRAM, [...options, "--dir", this.#directory], { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = server;
    for await (const line of createInterface({ input: server.stdout })) {
      if (/ready to accept connections/i.test(line)) break;
    }
    if (server.exitCode !== null) expect.fail(`redis-server ended with ${server.exitCode}`);
    // Nobody reads it any more, and it must not wait for that.
    server.stdout.resume();
  }

  /** Connections stay open and nothing is answered. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    const server = this.#process;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
