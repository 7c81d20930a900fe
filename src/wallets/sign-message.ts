import { invariant, VaultError } from "../errors.ts";
import type { WalletId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import { domainSeparated } from "../signatures/domain-separated.ts";
import { encodeRecord, type ProtocolRecord } from "../signatures/protocol-record.ts";
import { sha256 } from "../signatures/sha256.ts";
import type { SuiteId } from "../signatures/signature-suite.ts";
import type { CallerPurpose, Wallet } from "./wallet.ts";
import { type Access, accessOf } from "./wallet-access.ts";
import { type WalletServiceOptions, walletEvent } from "./wallet-services.ts";

/** What is to be signed: never bytes or a hash, of which nobody could tell what they say. */
export interface SignatureRequest {
  readonly kind: CallerPurpose;
  /** A `ProtocolRecord`. */
  readonly content: JsonObject;
}

export interface SignedMessage {
  readonly kind: CallerPurpose;
  readonly keyId: string;
  readonly algorithm: SuiteId;
  /** Lower-case hexadecimal. */
  readonly publicKey: string;
  /** Base64. Over `domainSeparated(kind, encodeRecord(content))`. */
  readonly signature: string;
  /** SHA-256 of what was signed, in lower-case hexadecimal. */
  readonly digest: string;
}

/** As `WalletService.sign` says. Status and grants are read from the database at each signature, never from a cache. */
export async function signMessage(
  options: WalletServiceOptions,
  walletId: WalletId,
  { kind, content }: SignatureRequest,
): Promise<SignedMessage> {
  const { stores, call, clock, keys } = options;
  const question = { walletId, actor: call.actor, at: clock.now(), wallet: await stores.wallets.get(walletId) };
  const wallet = requireSigner(await accessOf(question, stores.grants, { askGrants: true }), kind);
  const message = domainSeparated(kind, encodeRecord(content as ProtocolRecord));
  const key = await stores.wallets.getKey(wallet.keyId);
  invariant(key?.walletId === walletId, "a wallet has its key");
  const signer = await keys.signerOf(key);
  const signature = Buffer.from(signer.sign(message)).toString("base64");
  const digest = Buffer.from(sha256(message)).toString("hex");
  const { keyId, algorithm, publicKey } = wallet;
  const event = { eventType: "wallet_signed", eventData: { walletId, keyId, kind, digest } } as const;
  await stores.audit.append([walletEvent(options, event)]);
  return { kind, keyId, algorithm, publicKey, signature, digest };
}

function requireSigner({ wallet, owns, rights }: Access, kind: CallerPurpose): Wallet {
  const { status, purposes } = wallet;
  if (status !== "active")
    throw new VaultError("wallet_not_active", `The wallet is ${status}.`, { details: { status } });
  if (!owns && !rights.includes("sign")) {
    throw new VaultError("forbidden", "Only the owner of a wallet, or who holds a grant to sign, may sign with it.", {
      hint: "Ask the owner of the wallet for a grant to sign.",
    });
  }
  if (!purposes.includes(kind)) {
    throw new VaultError("wallet_purpose_not_allowed", `The wallet is not for messages of the kind ${kind}.`, {
      details: { purposes },
    });
  }
  return wallet;
}
