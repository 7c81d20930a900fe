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

/** A vault in a directory of its own with its HTTP server on a free port of this machine. */
export async function startVault(dataDirectory: string): Promise<RunningVault> {
  const key = randomBytes(24).toString("base64url");
  const telemetry = createTelemetry({ level: "warn", format: "pretty" });
  const vault = await openVault({ dataDirectory, apiKey: key, http: { port: 0 } }, telemetry);
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
