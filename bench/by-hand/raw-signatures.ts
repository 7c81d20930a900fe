import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

export interface SignedMessage {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Ed25519 signatures of one key: for each the length of the message, the signature, and room for the message. */
export interface PackedSignatures {
  readonly publicKey: Uint8Array;
  readonly packed: SharedArrayBuffer;
  readonly count: number;
}

const SIGNATURE_BYTES = 64;
const MESSAGE_BYTES_MAX = 63;
const SLOT_BYTES = 1 + SIGNATURE_BYTES + MESSAGE_BYTES_MAX;

export function packSignatures(publicKey: Uint8Array, signed: readonly SignedMessage[]): PackedSignatures {
  const packed = new SharedArrayBuffer(signed.length * SLOT_BYTES);
  const bytes = new Uint8Array(packed);
  for (const [at, { message, signature }] of signed.entries()) {
    bytes.set([message.length, ...signature, ...message], at * SLOT_BYTES);
  }
  return { publicKey, packed, count: signed.length };
}

export function unpackSignatures({ packed, count }: PackedSignatures): readonly SignedMessage[] {
  return Array.from({ length: count }, (_, at) => {
    const [length] = new Uint8Array(packed, at * SLOT_BYTES, 1);
    return {
      signature: new Uint8Array(packed, at * SLOT_BYTES + 1, SIGNATURE_BYTES),
      message: new Uint8Array(packed, at * SLOT_BYTES + 1 + SIGNATURE_BYTES, length),
    };
  });
}

/** Verifies the same signatures again and again with nothing around it, on all cores. */
export class RawSignatures implements AsyncDisposable {
  readonly #workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL("./raw-signatures-worker.ts", import.meta.url)),
  );

  /** Imports the key and finds the messages, outside the time. */
  async prepare(signatures: PackedSignatures): Promise<void> {
    await this.#ask(signatures);
  }

  async verify(): Promise<void> {
    await this.#ask(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #ask(request: PackedSignatures | Int32Array): Promise<void> {
    const answers = this.#workers.map((worker) => once(worker, "message"));
    for (const worker of this.#workers) worker.postMessage(request);
    await Promise.all(answers);
  }
}
