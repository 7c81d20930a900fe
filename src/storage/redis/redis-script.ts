import { createHash } from "node:crypto";

/** A Lua script, which the server keeps and is asked for by its hash. It runs as one step. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

export function redisScript(text: string): RedisScript {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
