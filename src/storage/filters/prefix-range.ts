const CODE_POINT_MAX = 0x10_ffff;

/** The first text, by code point, after all that begin with `prefix`; `undefined` when there is none. */
export function textAfterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === CODE_POINT_MAX) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // The code points in between are halves of pairs, which no text holds.
  points.push(last === 0xd7ff ? 0xe000 : last + 1);
  return points.map((point) => String.fromCodePoint(point)).join("");
}
