import { parentPort } from "node:worker_threads";
import { invariant, isVaultError } from "../../errors.ts";
import { NODE_ED25519, NODE_P256 } from "../../signatures/node-signature-engines.ts";
import { SODIUM_ED25519 } from "../../signatures/node-sodium-signature-engine.ts";
import { SignatureSuites } from "../../signatures/signature-suites.ts";
import { examineDocket } from "./examine-docket.ts";
import { type ExaminerReply, type ExaminerRequest, keep, unpackDockets } from "./examiner-protocol.ts";
import { KeyDirectory } from "./key-directory.ts";

/*
 * A thread that examines dockets. What is wrong with a docket is in its examination; what this runtime cannot do is
 * refused; anything else is a bug and ends the thread, which its other side sees.
 */

/** The faster engine where it is installed: all come to one verdict. */
const SUITES = new SignatureSuites([SODIUM_ED25519 ?? NODE_ED25519, NODE_P256]);

const directories = new Map<number, KeyDirectory>();

parentPort?.on("message", (request: ExaminerRequest) => parentPort?.postMessage(replyTo(request)));

function replyTo(request: ExaminerRequest): ExaminerReply {
  const { batch, registerId } = request;
  const keys = keysOf(request);
  try {
    const examinations = unpackDockets(request.dockets).map(({ height, bytes }) =>
      examineDocket(bytes, { registerId, height, keys, suites: SUITES }),
    );
    return { batch, examinations };
  } catch (error) {
    if (!isVaultError(error, "unsupported")) throw error;
    return { batch, refused: { code: error.code, message: error.message } };
  }
}

function keysOf({ directory, keys: sent }: ExaminerRequest): KeyDirectory {
  if (sent) keep(directories, directory, KeyDirectory.of(sent.keys, sent.version));
  const keys = directories.get(directory);
  invariant(keys, "the keys come before or with the dockets");
  return keys;
}
