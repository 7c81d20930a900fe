import { base64UrlOf, bytesOfBase64Url, utf8 } from "../../signatures/byte-text.ts";
import { decodeRecord, encodeRecord, type ProtocolRecord } from "../../signatures/protocol-record.ts";
import type { SignatureSuite, Signer } from "../../signatures/signature-suite.ts";

const DOMAIN = utf8("strongroom/local-trust/v1\n");

/**
 * Signs what this installation believes with a key that is not in the database, so that a file that somebody else put in
 * its place is not believed. A text is two lines: the record, and the signature in base64url.
 */
export class LocalSeal {
  readonly #suite: SignatureSuite;
  readonly #signer: Signer;

  /** @param seed 32 bytes that only this installation knows */
  constructor(suite: SignatureSuite, seed: Uint8Array) {
    this.#suite = suite;
    this.#signer = suite.signer(seed);
  }

  /** @param kind what kind of text it is: one cannot be passed off as another */
  seal(kind: string, record: ProtocolRecord): string {
    const bytes = encodeRecord(record);
    const signature = this.#signer.sign(messageOf(kind, bytes));
    return `${new TextDecoder().decode(bytes)}\n${base64UrlOf(signature)}\n`;
  }

  /** `undefined` when the text is not one that this installation has sealed. */
  open(kind: string, text: string): ProtocolRecord | undefined {
    const [line = "", sealed = "", end] = text.split("\n");
    const signature = bytesOfBase64Url(sealed);
    const bytes = utf8(line);
    if (end !== "" || !signature || !this.#suite.verify(this.#signer.publicKey, messageOf(kind, bytes), signature)) {
      return undefined;
    }
    return decodeRecord(bytes);
  }
}

function messageOf(kind: string, bytes: Uint8Array): Uint8Array {
  const name = utf8(`${kind}\n`);
  const message = new Uint8Array(DOMAIN.length + name.length + bytes.length);
  message.set(DOMAIN);
  message.set(name, DOMAIN.length);
  message.set(bytes, DOMAIN.length + name.length);
  return message;
}
