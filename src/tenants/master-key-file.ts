import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VaultError } from "../errors.ts";
import type { IdGenerator } from "../identifiers.ts";
import { writeDurableFile } from "../storage/durable-file.ts";
import { KEY_BYTES } from "./key-wrapping.ts";

const MASTER_KEY_FILE = "master.key";

/**
 * The generated master key of a data directory: 64 hex digits in a file that only its owner can read. Made when it is
 * missing and nothing is wrapped yet; once keys are stored, a missing file is a loss to be told, never a new key.
 *
 * @param isKeyInUse whether the database holds keys that some master key wrapped
 * @throws `master_key_missing`
 */
export async function loadMasterKeyFile(
  dataDirectory: string,
  { isKeyInUse, ids }: { isKeyInUse: () => Promise<boolean>; ids: IdGenerator },
): Promise<Uint8Array> {
  const path = join(dataDirectory, MASTER_KEY_FILE);
  const stored = await readKey(path);
  if (stored) return stored;
  if (await isKeyInUse()) {
    throw new VaultError("master_key_missing", `The database holds encrypted keys, but ${MASTER_KEY_FILE} is missing.`);
  }
  const key = ids.bytes(KEY_BYTES);
  const content = `${Buffer.from(key).toString("hex")}\n`;
  try {
    await writeDurableFile({ path, temporary: `${path}.${ids.uuid()}`, content, ifExists: "fail" });
    return key;
  } catch (error) {
    // Another process of the vault was first, and all of its key is there.
    const theirs = await readKey(path);
    if (theirs) return theirs;
    throw error;
  }
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new VaultError("master_key_missing", `${MASTER_KEY_FILE} cannot be read.`, { cause: error });
  }
  const hex = text.trim();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new VaultError("master_key_missing", `${MASTER_KEY_FILE} is damaged.`);
  return Buffer.from(hex, "hex");
}
