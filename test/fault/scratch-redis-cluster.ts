import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { until } from "../../src/testing/cache-store-under-test.ts";

const SERVER = "/usr/bin/redis-server";
const CLIENT = "/usr/bin/redis-cli";
const NODES = 3;

/** A cluster of three primaries of its own. Disposing of it ends it. */
export class ScratchRedisCluster implements AsyncDisposable {
  readonly ports: readonly number[];
  readonly #directory: string;
  readonly #processes: ChildProcess[] = [];

  private constructor(ports: readonly number[], directory: string) {
    this.ports = ports;
    this.#directory = directory;
  }

  static async make(): Promise<ScratchRedisCluster> {
    const ports = await freePorts(2 * NODES);
    const cluster = new ScratchRedisCluster(
      ports.slice(0, NODES),
      await mkdtemp(join(tmpdir(), "strongroom-cluster-")),
    );
    for (const [index, port] of cluster.ports.entries()) await cluster.#start(port, ports[NODES + index] as number);
    const nodes = cluster.ports.map((port) => `127.0.0.1:${port}`);
    execFileSync(CLIENT, ["--cluster", "create", ...nodes, "--cluster-yes"], { stdio: "ignore", timeout: 30_000 });
    await until(() => cluster.ports.every(isWhole), 30_000);
    return cluster;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.ports[0]}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#processes.map(async (server) => {
        const ended = once(server, "exit");
        server.kill("SIGKILL");
        await ended;
      }),
    );
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #start(port: number, busPort: number): Promise<void> {
    const options = [
      "--port",
      port,
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--dir",
      this.#directory,
      "--cluster-enabled",
      "yes",
    ];
    const names = ["--cluster-port", busPort, "--cluster-config-file", `nodes-${port}.conf`];
    const server = spawn(SERVER, [...options, ...names].map(String), { stdio: ["ignore", "pipe", "inherit"] });
    this.#processes.push(server);
    for await (const line of createInterface({ input: server.stdout })) {
      if (/ready to accept connections/i.test(line)) break;
    }
    if (server.exitCode !== null) expect.fail(`redis-server ended with ${server.exitCode}`);
    server.stdout.resume();
  }
}

function isWhole(port: number): boolean {
  return execFileSync(CLIENT, ["-p", String(port), "cluster", "info"], { encoding: "utf8" }).includes("state:ok");
}

/** Taken all at once, so that no port is given twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address ? address.port : expect.fail("no port");
  });
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      await once(server, "close");
    }),
  );
  return ports;
}
