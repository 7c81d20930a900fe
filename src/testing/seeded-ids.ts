import { type IdGenerator, UuidV7Generator } from "../identifiers.ts";

/** A generator whose ids and bytes depend on its seed alone. */
export function seededIds(seed: number, nowMs: () => number = () => 1_772_530_200_000): IdGenerator {
  return new UuidV7Generator({ nowMs, randomBytes: seededBytes(seed) });
}

/** Marsaglia's xorshift with 32 bits of state: nothing secret is made of it. */
export function seededBytes(seed: number): (length: number) => Uint8Array {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes[index] = state & 0xff;
    }
    return bytes;
  };
}
