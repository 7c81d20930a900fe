import { randomBytes } from "node:crypto";
import { createServer } from "../../src/http/create-server.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { openVault } from "../../src/vault.ts";

export interface RunningVault {
  readonly url: string;
  /** An administrator's API key. */
  readonly key: string;
  stop(): Promise<void>;
}

/** Of every vault of this process. */
const key = randomBytes(24).toString("base64url");

/**
 * A vault in a directory of its own with its HTTP server on a free port of this machine.
 *
 * @param peers who has copies of its register
 */
export async function startVault(
  dataDirectory: string,
  peers: readonly { readonly url: string; readonly key: string }[] = [],
): Promise<RunningVault> {
  const telemetry = createTelemetry({ level: "silent", format: "pretty" });
  const register = { sealIntervalMs: 250, peers: [...peers] };
  const vault = await openVault({ dataDirectory, apiKey: key, http: { port: 0 }, register }, telemetry);
  const server = await createServer({ vault, telemetry, version: "demo" });
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    key,
    async stop() {
      await server.close();
      await vault[Symbol.asyncDispose]();
      await telemetry[Symbol.asyncDispose]();
    },
  };
}
