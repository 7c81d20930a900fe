const DIGEST_BYTES = 32;

/** Node's own, if this is Node. Asked for like this, no bundler looks for it in a browser. */
const crypto = typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:crypto");

/** SHA-256 of the parts put one after the other, five times as fast as without Node; `undefined` elsewhere. */
export const nodeSha256 = crypto?.hash === undefined ? undefined : sha256By(crypto);

function sha256By({ createHash, hash }: NonNullable<typeof crypto>): (...parts: readonly Uint8Array[]) => Uint8Array {
  /** Inputs up to this size are put together here and hashed in one call, twice as fast as with a hash object. */
  const scratch = new Uint8Array(4_096);
  return (...parts) => {
    let length = 0;
    for (const part of parts) {
      if (length + part.length > scratch.length) {
        const object = createHash("sha256");
        for (const piece of parts) object.update(piece);
        return bytesOf(object.digest("binary"));
      }
      scratch.set(part, length);
      length += part.length;
    }
    // Node hands out a text in less than half the time of a buffer.
    return bytesOf(hash("sha256", scratch.subarray(0, length), "binary"));
  };
}

function bytesOf(digest: string): Uint8Array {
  const bytes = new Uint8Array(DIGEST_BYTES);
  for (let at = 0; at < DIGEST_BYTES; at += 1) bytes[at] = digest.charCodeAt(at);
  return bytes;
}
