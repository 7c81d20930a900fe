import { createCipheriv, createDecipheriv, createHmac, hash } from "node:crypto";
import { VaultError } from "../errors.ts";
import type { IdGenerator, TenantId } from "../identifiers.ts";
import type { Answer } from "./route.ts";

/**
 * Answers repeat what customers said, so they are not kept in clear. The key they are sealed with comes from the
 * request itself: whoever repeats it word for word can read its answer, and whoever only reads the table cannot.
 */
export interface IdempotencySecrets {
  readonly tenantId: TenantId;
  /** SHA-256 of the idempotency key, hex: what the record is found by. */
  readonly keyHash: string;
  /** Equal for equal requests, hex; does not lead back to the request. */
  readonly fingerprint: string;
  readonly sealingKey: Buffer;
}

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param request everything that tells two requests apart, as one text */
export function deriveIdempotencySecrets(tenantId: TenantId, key: string, request: string): IdempotencySecrets {
  const requestHash = hash("sha256", request, "buffer");
  return {
    tenantId,
    keyHash: hash("sha256", key, "hex"),
    fingerprint: createHmac("sha256", requestHash).update("fingerprint").digest("hex"),
    sealingKey: createHmac("sha256", requestHash).update(`seal ${key}`).digest(),
  };
}

/** Nonce, ciphertext and tag (AES-256-GCM) as base64; bound to the tenant and the key's hash. */
export function sealAnswer(answer: Answer, secrets: IdempotencySecrets, ids: IdGenerator): string {
  const nonce = ids.bytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, secrets.sealingKey, nonce).setAAD(additionalData(secrets));
  const { status, headers = {}, body } = answer;
  const sealed = [nonce, cipher.update(JSON.stringify({ status, headers, body }), "utf8"), cipher.final()];
  return Buffer.concat([...sealed, cipher.getAuthTag()]).toString("base64");
}

/** Throws `integrity_violation` when the text is not what was sealed. */
export function openAnswer(sealed: string, secrets: IdempotencySecrets): Answer {
  const bytes = Buffer.from(sealed, "base64");
  try {
    const decipher = createDecipheriv(ALGORITHM, secrets.sealingKey, bytes.subarray(0, NONCE_BYTES))
      .setAAD(additionalData(secrets))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
    return JSON.parse(Buffer.concat(text).toString("utf8")) as Answer;
  } catch (cause) {
    throw new VaultError("integrity_violation", "The stored answer of an idempotent request was altered.", { cause });
  }
}

function additionalData({ tenantId, keyHash }: IdempotencySecrets): Buffer {
  return Buffer.from(`${tenantId} ${keyHash}`);
}
