import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Api } from "./api.ts";
import type { RunningVault } from "./start-vault.ts";

export interface RunningReplica extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly api: Api;
}

const PROGRAM = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** A process of its own, as it would run elsewhere, that keeps a copy of the vault's register in its own directory. */
export async function startReplica(dataDirectory: string, source: RunningVault): Promise<RunningReplica> {
  const child = spawn(process.execPath, [PROGRAM, "replicate", "--from", source.url, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      PORT: "0",
      STRONGROOM_DATA_DIR: dataDirectory,
      STRONGROOM_REPLICATE_KEY: source.key,
      STRONGROOM__LOG__LEVEL: "error",
    },
  });
  const exited = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const started = JSON.parse(line) as { event?: string; url: string; generatedKey: string };
    if (started.event !== "listening") continue;
    const { url, generatedKey: key } = started;
    return {
      url,
      key,
      api: new Api(url, key),
      async [Symbol.asyncDispose]() {
        child.kill("SIGTERM");
        await exited;
      },
    };
  }
  throw new Error("The second site did not start.");
}
