import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { flush, flushTree, makeDurableDirectory } from "../durable-file.ts";
import { DURABLE_START_PARAMETERS, DurableNodeFS } from "./durable-node-fs.ts";
import { isGivenUp } from "./fatal-answer.ts";
import type { PGliteReply, PGliteRequest, PGliteWorkerData } from "./pglite-protocol.ts";

/** What the database says while it starts: its own errors say only that it did not. */
const said: string[] = [];
const SAID_LINES = 3;
let isStarting = true;

function listen(text: string): boolean {
  if (isStarting) said.push(text.trim());
  return false;
}

/**
 * The thread PGlite lives in. It hands bytes of PostgreSQL's protocol to the database and its answer back, so
 * that the driver of the server is the driver of PGlite too, prepared statements included.
 */
async function serve(dataDirectory: string | undefined): Promise<void> {
  let database: PGlite;
  try {
    database = await start(dataDirectory);
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    reply({ failed: [failure, ...said.slice(-SAID_LINES)].join("\n") });
    parentPort?.close();
    return;
  }
  isStarting = false;
  let tail: Promise<void> = Promise.resolve();
  // A rejection ends the thread: a database that failed outside the protocol is not to be trusted.
  parentPort?.on("message", (request: PGliteRequest) => {
    tail = tail.then(() => (request === "close" ? close(database) : answer(database, request)));
  });
  reply({ started: true });
}

/**
 * Creating the database takes two seconds in which the process may be killed or the machine lose its power, and what
 * is left then does not start. The marker beside the directory tells such a ruin from a database: it stands until
 * nothing is missing, and both its beginning and its end are on the disk before anything relies on them.
 */
async function start(dataDirectory: string | undefined): Promise<PGlite> {
  if (dataDirectory === undefined) return PGlite.create({ onStderr: listen });
  const marker = `${dataDirectory}.initializing`;
  if (existsSync(marker)) rmSync(dataDirectory, { recursive: true, force: true });
  const isNew = !existsSync(dataDirectory) || readdirSync(dataDirectory).length === 0;
  if (isNew) {
    await makeDurableDirectory(dirname(dataDirectory));
    writeFileSync(marker, "");
    await makeDurableDirectory(dataDirectory);
    await flush(dirname(marker));
  }
  // The next start overwrites what a killed process left of it, unless that was killed before it had written anything:
  // then the file is empty, and the database refuses to start. Nobody else can be using the directory.
  rmSync(join(dataDirectory, "postmaster.pid"), { force: true });
  const database = await PGlite.create({
    fs: new DurableNodeFS(dataDirectory),
    startParams: [...DURABLE_START_PARAMETERS],
    onStderr: listen,
  });
  if (isNew) {
    // Creating it flushes next to nothing.
    await flushTree(dataDirectory);
    rmSync(marker);
    await flush(dirname(dataDirectory));
  }
  return database;
}

async function answer(database: PGlite, request: Uint8Array): Promise<void> {
  const parts: Uint8Array[] = [];
  // The bytes are a view of the database's memory, which the next statement overwrites.
  await database.execProtocolRawStream(request, { onRawData: (bytes) => parts.push(bytes.slice()) });
  const [first] = parts;
  if (!first) return;
  const whole = parts.length === 1 ? first : concatenated(parts);
  const mustEnd = isGivenUp(whole);
  reply(whole);
  if (mustEnd) throw new Error("The database has given itself up.");
}

async function close(database: PGlite): Promise<void> {
  await database.close();
  parentPort?.close();
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function reply(message: PGliteReply): void {
  parentPort?.postMessage(message, message instanceof Uint8Array ? [message.buffer as ArrayBuffer] : []);
}

await serve((workerData as PGliteWorkerData).dataDirectory);
