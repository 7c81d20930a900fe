import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { VaultError } from "../errors.ts";
import type { CommandContext } from "./command.ts";

/**
 * The bytes of a file, or of standard input when it is called `-`.
 *
 * @throws `file_not_readable`, or `limit_exceeded` when there are more bytes than that
 */
export async function readInput(
  name: string,
  bytesMax: number,
  { workingDirectory }: CommandContext,
): Promise<Uint8Array> {
  const stream: AsyncIterable<Uint8Array> =
    name === "-" ? process.stdin : createReadStream(resolve(workingDirectory, name));
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > bytesMax) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new VaultError("file_not_readable", `${name} cannot be read.`, { cause });
  }
  if (length <= bytesMax) return Buffer.concat(chunks);
  throw new VaultError("limit_exceeded", `${name} is too long.`, { details: { limit: bytesMax } });
}
