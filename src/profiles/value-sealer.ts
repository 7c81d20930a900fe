import { createCipheriv, createDecipheriv } from "node:crypto";
import { VaultError } from "../errors.ts";
import type { CustomerId, IdGenerator, TenantId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const DATA_KEY_BYTES = 32;

/**
 * Encrypts the values of one customer with the customer's data key: AES-256-GCM (NIST SP 800-38D), a fresh random
 * nonce for each value. The additional data binds a value to its tenant, customer, field and version, so that a
 * ciphertext moved to another row does not open. A merge keeps the customer id a value was sealed under in the envelope.
 *
 * Envelope, base64url: format (1 byte), nonce (12), customer id (16), tag (16), ciphertext of the JSON text.
 */
export class ValueSealer {
  readonly #tenantId: TenantId;
  readonly #customerId: CustomerId;
  readonly #key: Uint8Array;
  readonly #ids: IdGenerator;

  constructor(options: { tenantId: TenantId; customerId: CustomerId; key: Uint8Array; ids: IdGenerator }) {
    this.#tenantId = options.tenantId;
    this.#customerId = options.customerId;
    this.#key = options.key;
    this.#ids = options.ids;
  }

  seal(itemId: string, name: string, value: JsonValue): string {
    const nonce = this.#ids.bytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    cipher.setAAD(this.#additionalData(itemId, name));
    const ciphertext = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
    const owner = Buffer.from(this.#customerId.replaceAll("-", ""), "hex");
    return Buffer.concat([Buffer.of(FORMAT), nonce, owner, cipher.getAuthTag(), ciphertext]).toString("base64url");
  }

  /** @throws `integrity_violation` when the envelope was altered or belongs to another item */
  open(itemId: string, name: string, sealed: string): JsonValue {
    const { nonce, tag, ciphertext } = splitEnvelope(sealed);
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key, nonce);
      decipher.setAAD(this.#additionalData(itemId, name));
      decipher.setAuthTag(tag);
      const text = Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8");
      return JSON.parse(text) as JsonValue;
    } catch (cause) {
      throw new VaultError("integrity_violation", "An encrypted value does not open with its key.", { cause });
    }
  }

  #additionalData(itemId: string, name: string): Uint8Array {
    return Buffer.from(["strongroom/value/v1", this.#tenantId, this.#customerId, name, itemId].join("\n"));
  }
}

/** Whose data key seals an envelope: a merge moves values to another customer but not under another key. */
export function sealedFor(sealed: string): CustomerId {
  const hex = Buffer.from(splitEnvelope(sealed).owner).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") as CustomerId;
}

function splitEnvelope(sealed: string): { nonce: Buffer; owner: Buffer; tag: Buffer; ciphertext: Buffer } {
  const bytes = Buffer.from(sealed, "base64url");
  const start = 1 + NONCE_BYTES + 16 + TAG_BYTES;
  if (bytes[0] !== FORMAT || bytes.length < start) {
    throw new VaultError("integrity_violation", "An encrypted value has an unknown form.");
  }
  const ownerEnd = 1 + NONCE_BYTES + 16;
  return {
    nonce: bytes.subarray(1, 1 + NONCE_BYTES),
    owner: bytes.subarray(1 + NONCE_BYTES, ownerEnd),
    tag: bytes.subarray(ownerEnd, start),
    ciphertext: bytes.subarray(start),
  };
}
