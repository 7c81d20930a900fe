import { isVaultError, VaultError } from "../../errors.ts";
import type { RedisNode } from "./redis-connection.ts";

export interface RedisServer {
  /** As the server says, with dots: `7.0.15`. `undefined` when it may not be asked. */
  readonly version: string | undefined;
  /** Another one after each start of the server. */
  readonly runId: string | undefined;
}

/** What the vault needs: `SET … GET`, `GETDEL` and scripts that may write after asking for the time. */
const VERSION_MIN = [6, 2] as const;

/** @throws `server_too_old` with what was found and what is required */
export async function probeServer(node: RedisNode): Promise<RedisServer> {
  const info = await serverInfo(node);
  const version = field(info, "redis_version");
  if (version !== undefined && isOlder(version)) throw tooOld(version, `Redis ${VERSION_MIN.join(".")}`);
  try {
    await node.send("eval", ["return 1", 0]);
  } catch (error) {
    if (isVaultError(error, "storage_timeout")) throw error;
    if (isVaultError(error, "storage_unavailable") && error.details["reason"] !== "NOPERM") throw error;
    throw tooOld(version ?? "unknown", "Lua scripts");
  }
  return { version, runId: field(info, "run_id") };
}

/** A user may lack the right to ask; the features are then all there is to go by. */
async function serverInfo(node: RedisNode): Promise<string> {
  try {
    return await node.send<string>("info", ["server"]);
  } catch (error) {
    if (isVaultError(error, "storage_unavailable") && error.details["reason"] === "NOPERM") return "";
    throw error;
  }
}

function field(info: string, name: string): string | undefined {
  return info
    .split("\r\n")
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1);
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1]);
}

function tooOld(found: string, required: string): VaultError {
  return new VaultError("server_too_old", `The Redis server cannot be used: ${required} is required.`, {
    details: { found, required },
  });
}
