const WIDTH = 32;
const WORDS = WIDTH / 8;

/** A number below 2^256 as 32 bytes, the most significant first. */
export function bigEndianBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(WIDTH);
  const view = new DataView(bytes.buffer);
  for (let word = WORDS - 1, rest = value; word >= 0; word--, rest >>= 64n) view.setBigUint64(8 * word, rest);
  return bytes;
}

/** The number that the 32 bytes at the offset write, the most significant first. */
export function bigEndianInteger(bytes: Uint8Array, offset: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, WIDTH);
  let value = 0n;
  for (let word = 0; word < WORDS; word++) value = (value << 64n) | view.getBigUint64(8 * word);
  return value;
}
