import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { VaultError } from "../errors.ts";
import type { IdGenerator } from "../identifiers.ts";
import { flush, writeDurableFile } from "../storage/durable-file.ts";
import { isErrno } from "../storage/errno.ts";
import { KEY_BYTES } from "./key-wrapping.ts";

const MASTER_KEY_FILE = "master.key";
const DRAFT = /^master\.key\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

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
  const stored = await readStored(dataDirectory);
  if (stored) return stored;
  if (await isKeyInUse()) {
    throw new VaultError("master_key_missing", `The database holds encrypted keys, but ${MASTER_KEY_FILE} is missing.`);
  }
  const path = join(dataDirectory, MASTER_KEY_FILE);
  const key = ids.bytes(KEY_BYTES);
  const content = `${Buffer.from(key).toString("hex")}\n`;
  try {
    await writeDurableFile({ path, temporary: `${path}.${ids.uuid()}`, content, ifExists: "fail" });
    return key;
  } catch (error) {
    const theirs = OVERTAKEN.some((code) => isErrno(error, code)) ? await readStored(dataDirectory) : undefined;
    if (theirs) return theirs;
    throw new VaultError("master_key_missing", `${MASTER_KEY_FILE} cannot be written.`, {
      hint: "The data directory has to be writable, and on a file system with hard links.",
      cause: error,
    });
  }
}

/** Another process of the vault has placed its key, and may have cleared away the draft of this one. */
const OVERTAKEN = ["EEXIST", "ENOENT"];

async function readStored(dataDirectory: string): Promise<Uint8Array | undefined> {
  const path = join(dataDirectory, MASTER_KEY_FILE);
  const key = await readKey(path);
  if (!key) return undefined;
  // Whoever has just placed it may not have come to that.
  await flush(dataDirectory).catch(() => undefined);
  await removeDrafts(dataDirectory).catch(() => undefined);
  return key;
}

/** Of processes that were killed: a draft may be the key itself. A directory that cannot be changed is no reason not to start. */
async function removeDrafts(dataDirectory: string): Promise<void> {
  const drafts = (await readdir(dataDirectory)).filter((name) => DRAFT.test(name));
  for (const draft of drafts) await rm(join(dataDirectory, draft), { force: true });
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw new VaultError("master_key_missing", `${MASTER_KEY_FILE} cannot be read.`, { cause: error });
  }
  const hex = text.trim();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new VaultError("master_key_missing", `${MASTER_KEY_FILE} is damaged.`);
  return Buffer.from(hex, "hex");
}
