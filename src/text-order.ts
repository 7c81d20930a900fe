/**
 * Compares texts by code point, as the bytes of UTF-8 compare and the `C` collation does. The operators of the
 * language compare code units, in which a character beyond U+FFFF comes before U+E000 to U+FFFF.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return codePointWeight(left) - codePointWeight(right);
  }
  return a.length - b.length;
}

/** A code unit, with the halves of pairs moved behind all that stands for itself. */
function codePointWeight(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
