/*
 * The end of the demo: an outsider is shown what was changed, somebody alters one byte of the database, and the vault finds it
 * out and repairs it from a second site.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyConsistency } from "../../src/register/merkle/verify-consistency.ts";
import { parseCheckpoint } from "../../src/register/notes/checkpoint.ts";
import { parseNote } from "../../src/register/notes/signed-note.ts";
import { bytesOfHex } from "../../src/signatures/byte-text.ts";
import { openPGlite } from "../../src/storage/postgres/pglite-connection.ts";
import type { Api } from "./api.ts";
import { startReplica } from "./start-replica.ts";
import { type RunningVault, startVault } from "./start-vault.ts";
import { dim, green, say, step, until, yellow } from "./steps.ts";

interface AuditEvent {
  id: string;
  eventData: { name?: string };
  ledger: { status: "pending" | "sealed"; height?: string; transactionId?: string };
}
interface RegisterStatus {
  registerId: string;
  state: { state: string; message: string | null };
  counts: { totalCount: string; verifiedCount: string };
  checkpoint: { note: string };
  checkpointVerifier: string;
  corruptedRanges: { startHeight: string; endHeight: string; type: string; recoveryStatus: string }[];
}
interface Docket {
  height: string;
  hash: string;
}

/** What the outsider has been given. */
interface Handover {
  readonly file: string;
  readonly verifier: string;
  readonly height: string;
  readonly docketHash: string;
}

const PROGRAM = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** The event of the address's last change, once it is sealed. */
export async function sealAddress(api: Api, customerId: string): Promise<AuditEvent> {
  step("Every change is sealed", "Once a second the journal goes into a register of signed, hash-linked dockets.");
  const events = () =>
    api.get<{ items: AuditEvent[] }>(`/v1/audit/events?customerId=${customerId}&eventType=field_written`);
  const event = await until(async () => {
    const { items } = await events();
    return items.find(({ eventData, ledger }) => eventData.name === "address" && ledger.status === "sealed");
  });
  say(`The new address is sealed in docket ${event.ledger.height}, as transaction ${event.ledger.transactionId}`);
  return event;
}

/** Writes the receipt of the event to a file, and checks it as somebody does who has nothing but the file and a key. */
export async function proveToOutsider(api: Api, event: AuditEvent, directory: string): Promise<Handover> {
  step("Prove it to an outsider", "One file and one public key: no access to the vault, no other data of anybody.");
  const receipt = await api.get(`/v1/audit/events/${event.id}/receipt?disclose=value`);
  const { checkpointVerifier: verifier, registerId } = await api.get<RegisterStatus>("/v1/register");
  const { hash: docketHash } = await api.get<Docket>(`/v1/register/dockets/${event.ledger.height}`);
  const file = join(directory, "address.receipt.json");
  await writeFile(file, JSON.stringify(receipt, undefined, 2));
  say(`The outsider knows register ${registerId} by the key ${verifier.slice(0, 60)}…\n`);
  await showVerification(file, verifier);
  const forged = join(directory, "forged.receipt.json");
  await writeFile(
    forged,
    JSON.stringify(receipt, undefined, 2).replace("Avenida Diagonal 200", "Avenida Diagonal 300"),
  );
  say("\nThe same file with another house number in it:\n");
  await showVerification(forged, verifier);
  return { file, verifier, height: event.ledger.height ?? "", docketHash };
}

/** Alters the database, and lets the vault find it out and get the docket back from a copy of its register. */
export async function breakAndRepair(
  vault: RunningVault,
  apiOf: (vault: RunningVault) => Api,
  { directory, handover }: { readonly directory: string; readonly handover: Handover },
): Promise<RunningVault> {
  step("A second site keeps a copy", "Verified docket by docket, without any personal data; it could be an auditor's.");
  await using replica = await startReplica(join(directory, "second-site"), vault);
  const { counts } = await apiOf(vault).get<RegisterStatus>("/v1/register");
  await until(async () => {
    const copied = await replica.api.get<RegisterStatus>("/v1/register");
    return BigInt(copied.counts.verifiedCount) >= BigInt(counts.totalCount) ? copied : undefined;
  });
  say(`${counts.totalCount} dockets copied and verified.`);

  step(
    "Somebody changes one byte in the database",
    "With the vault stopped, as the owner of the database, triggers off.",
  );
  await vault.stop();
  await flipOneByte(directory, handover.height);
  say(yellow(`One byte of docket ${handover.height} is another one now.`));
  const found = await startVault(directory);
  const api = apiOf(found);
  await api.post("/v1/register/verify");
  const { state, corruptedRanges } = await api.get<RegisterStatus>("/v1/register");
  say(`The register is ${yellow(state.state)}: ${state.message}`);
  say(`Docket ${handover.height}: ${await reasonOf(api, handover.height)}. The others are served as before.`);
  if (corruptedRanges.length !== 1) throw new Error("The vault has not found exactly what was altered.");
  await found.stop();

  step("The vault repairs itself from the second site", "What the peer sends is verified like everything else.");
  const mended = await startVault(directory, [{ url: replica.url, key: replica.key }]);
  const repaired = apiOf(mended);
  await repaired.post("/v1/register/verify");
  await until(async () => {
    const status = await repaired.get<RegisterStatus>("/v1/register");
    return status.state.state === "Healthy" ? status : undefined;
  });
  const docket = await repaired.get<Docket>(`/v1/register/dockets/${handover.height}`);
  const isSame = docket.hash === handover.docketHash;
  say(`Healthy again; docket ${docket.height} has its old hash: ${isSame ? green("yes") : yellow("NO")}`);
  if (!isSame) throw new Error("The repaired docket is another one.");
  say("And the outsider's file still proves what it proved:\n");
  await showVerification(handover.file, handover.verifier);
  await proveNothingChanged(repaired, handover);
  return mended;
}

/** The outsider has the root of the register as it was; the register shows that it has only grown since. */
async function proveNothingChanged(api: Api, { file }: Handover): Promise<void> {
  const { checkpoint } = JSON.parse(await readFile(file, "utf8")) as { checkpoint: string };
  const before = parseCheckpoint(parseNote(checkpoint)?.text ?? "");
  const now = parseCheckpoint(parseNote((await api.get<RegisterStatus>("/v1/register")).checkpoint.note)?.text ?? "");
  if (!before || !now) throw new Error("There is no checkpoint.");
  const { proof } = await api.get<{ proof: string[] }>(
    `/v1/register/proofs/consistency?from=${before.size}&to=${now.size}`,
  );
  const isConsistent = verifyConsistency({
    from: before.size,
    fromRoot: before.root,
    to: now.size,
    toRoot: now.root,
    proof: proof.map(bytesOfHex),
  });
  say(`\nThe register had ${before.size} dockets then and has ${now.size} now; ${proof.length} hashes prove that`);
  say(
    `nothing in the first ${before.size} was altered, removed or put in between: ${isConsistent ? green("yes") : yellow("NO")}`,
  );
  if (!isConsistent) throw new Error("The register is not the one that the outsider knows.");
}

/** Runs `strongroom verify`, which opens no vault and asks nobody. */
async function showVerification(file: string, verifier: string): Promise<void> {
  const arguments_ = [PROGRAM, "verify", file, "--key", verifier];
  say(dim("$ strongroom verify receipt.json --key …"));
  await new Promise<void>((resolve) => {
    execFile(process.execPath, arguments_, (error, stdout, stderr) => {
      say((error ? stderr : stdout).trimEnd());
      resolve();
    });
  });
}

async function flipOneByte(directory: string, height: string): Promise<void> {
  await using database = await openPGlite({ dataDirectory: join(directory, "database"), schema: "strongroom" });
  await database.asOwner(async (owner) => {
    await owner.execute(`
      set search_path to strongroom;
      alter table worm_records disable trigger all;
      alter table worm_records no force row level security;
      update worm_records set document = set_byte(document, octet_length(document) / 2,
        get_byte(document, octet_length(document) / 2) # 1) where kind = 'docket' and sequence = ${BigInt(height)};
      alter table worm_records force row level security;
      alter table worm_records enable always trigger worm_records_append_only;
      alter table worm_records enable always trigger worm_records_immutable;
    `);
  });
}

async function reasonOf(api: Api, height: string): Promise<string> {
  const { code, reason } = await api.problem<{ code: string; reason: string }>(`/v1/register/dockets/${height}`);
  return `${code}, ${reason}`;
}
