import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync } from "node:fs";
import { chmod, chown, mkdtemp, readFile, rm } from "node:fs/promises";

import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";

/** The system user that PostgreSQL runs as: it refuses to run as root. */
const USER = "postgres";
/** The children of a killed postmaster take a moment to notice, and until then no new one starts. */
const START_ATTEMPTS = 20;

/** Why no cluster can be made here, or `undefined`. */
export function clusterProblem(): string | undefined {
  if (!programs()) return "no PostgreSQL server is installed";
  return process.getuid?.() === 0 ? undefined : "only root can start a server as another user";
}

/** The folder of the newest installed server. */
function programs(): string | undefined {
  const servers = globSync("/usr/lib/postgresql/*/bin/pg_ctl");
  const newest = servers.sort((a, b) => majorOf(b) - majorOf(a))[0];
  return newest === undefined ? undefined : dirname(newest);
}

function majorOf(path: string): number {
  return Number(path.split("/")[4]);
}

/** A PostgreSQL server of its own, to be broken. Disposing of it removes it. */
export class ScratchCluster implements AsyncDisposable {
  readonly url: string;
  readonly #root: string;
  readonly #port: number;
  readonly #user: { readonly uid: number; readonly gid: number };

  private constructor(root: string, port: number, user: { readonly uid: number; readonly gid: number }) {
    this.#root = root;
    this.#port = port;
    this.#user = user;
    this.url = `postgres://vault:vault@127.0.0.1:${port}/vault`;
  }

  static async make(): Promise<ScratchCluster> {
    const user = await systemUser();
    const root = await mkdtemp(join(tmpdir(), "strongroom-cluster-"));
    await chown(root, user.uid, user.gid);
    await chmod(root, 0o700);
    const cluster = new ScratchCluster(root, await freePort(), user);
    await cluster.#run("initdb", ["-D", cluster.#data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]);
    await cluster.start();
    // No superuser, whom row-level security would not bind.
    await cluster.#sql("create role vault login createrole password 'vault'");
    await cluster.#sql("create database vault owner vault");
    return cluster;
  }

  get #data(): string {
    return join(this.#root, "data");
  }

  /** Resolves when the server takes connections. */
  async start(): Promise<void> {
    const options = `-p ${this.#port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${this.#root}`;
    const log = join(this.#root, "server.log");
    const argv = ["start", "-w", "-t", "30", "-D", this.#data, "-l", log, "-o", options];
    for (let attempt = 1; ; attempt++) {
      const { exitCode, output } = await this.#spawn("pg_ctl", argv);
      if (exitCode === 0) return;
      if (attempt === START_ATTEMPTS) expect.fail(`${output}\n${await readFile(log, "utf8")}`);
    }
  }

  /** Ends the server as a crash would: no checkpoint, connections cut. */
  async stopImmediately(): Promise<void> {
    await this.#run("pg_ctl", ["stop", "-m", "immediate", "-w", "-t", "30", "-D", this.#data]);
  }

  /** SIGKILL to the server's first process; the others end when they notice. */
  async killPostmaster(): Promise<void> {
    const [pid] = (await readFile(join(this.#data, "postmaster.pid"), "utf8")).split("\n");
    process.kill(Number(pid), "SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(join(this.#data, "postmaster.pid"))) {
      await this.#spawn("pg_ctl", ["stop", "-m", "immediate", "-w", "-t", "30", "-D", this.#data]);
    }
    await rm(this.#root, { recursive: true, force: true });
  }

  async #sql(statement: string): Promise<void> {
    const where = ["-h", this.#root, "-p", String(this.#port), "-U", "postgres", "-d", "postgres"];
    await this.#run("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", ...where, "-c", statement]);
  }

  async #run(program: string, argv: readonly string[]): Promise<void> {
    const { exitCode, output } = await this.#spawn(program, argv);
    if (exitCode !== 0) expect.fail(`${program} ended with ${exitCode}: ${output}`);
  }

  #spawn(program: string, argv: readonly string[]): Promise<Ended> {
    return runToEnd(join(programs() ?? "", program), argv, { ...this.#user, cwd: this.#root });
  }
}

interface Ended {
  readonly exitCode: number;
  readonly output: string;
}

async function runToEnd(program: string, argv: readonly string[], options: SpawnOptions): Promise<Ended> {
  const child = spawn(program, argv, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes: Buffer) => (output += String(bytes)));
  // Not "close": a server that was started keeps the streams open.
  const [exitCode] = (await once(child, "exit")) as [number];
  return { exitCode, output };
}

async function systemUser(): Promise<{ uid: number; gid: number }> {
  const passwd = await readFile("/etc/passwd", "utf8");
  const entry = passwd.split("\n").find((line) => line.startsWith(`${USER}:`));
  if (entry === undefined) return expect.fail(`there is no user ${USER}`);
  const [, , uid, gid] = entry.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}
