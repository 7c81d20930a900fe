import { VaultError } from "../../errors.ts";
import { type NoteVerifier, parseVerifier } from "../../register/notes/signed-note.ts";
import { RECEIPT_BYTES_MAX } from "../../register/receipts/receipt.ts";
import type { ReceiptTrust, ReceiptVerdict } from "../../register/receipts/receipt-verdict.ts";
import { verifyReceipt } from "../../register/receipts/verify-receipt.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import type { Command, OptionValues } from "../command.ts";
import { describeReceipt, receiptJson } from "../describe-receipt.ts";
import { readInput } from "../read-input.ts";

export const verify: Command = {
  name: "verify",
  usage: "FILE|- [--register ID] [--key KEY]...",
  summary: "Say what a receipt proves to who trusts a register's id, or a key of its checkpoints; asks nobody",
  options: { register: { type: "string" }, key: { type: "string", multiple: true } },
  async run(files, options, context) {
    const [file, ...rest] = files;
    if (file === undefined || rest.length > 0) throw usageError(`verify takes one file, not ${files.length}.`);
    const trust = trustIn(options);
    const bytes = await readInput(file, RECEIPT_BYTES_MAX, context);
    const verdict = verifyReceipt(textOf(bytes), trust, NODE_SIGNATURE_SUITES);
    if (context.isJson) context.print(JSON.stringify(receiptJson(verdict)));
    if (!verdict.isValid) throw notValid(verdict);
    if (!context.isJson) context.print(describeReceipt(verdict, trust));
  },
};

function trustIn(options: OptionValues): ReceiptTrust {
  const registerId = options["register"];
  const keys = options["key"];
  if (registerId === undefined && keys === undefined) {
    throw new VaultError("invalid_request", "Nothing anchors the receipt: whoever wrote it may have made it all up.", {
      hint: "Give --register, --key or both, as you have them from somebody you trust, not from the receipt.",
    });
  }
  if (registerId !== undefined && !/^[0-9a-f]{32}$/.test(String(registerId))) {
    throw usageError("--register takes the id of a register: 32 hexadecimal digits in lower case.");
  }
  return {
    ...(registerId !== undefined && { registerId: String(registerId) }),
    ...(Array.isArray(keys) && { checkpointKeys: keys.map((key) => verifierIn(String(key))) }),
  };
}

function verifierIn(text: string): NoteVerifier {
  const verifier = parseVerifier(text.trim());
  if (verifier) return verifier;
  throw usageError("--key takes the key of a register's checkpoints: name+hash+key, as c2sp.org/signed-note has it.");
}

/** Bytes that are no UTF-8 make a text that is no JSON. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "";
  }
}

function notValid({ step, reason }: ReceiptVerdict & { readonly isValid: false }): VaultError {
  return new VaultError("receipt_not_valid", `The receipt proves nothing: ${reason}`, { details: { step } });
}

function usageError(message: string): VaultError {
  return new VaultError("invalid_request", message, { hint: "See `strongroom help`." });
}
