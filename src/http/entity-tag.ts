import { VaultError } from "../errors.ts";

/** What `If-Match` asks for: any version, or one of those listed. */
export type VersionCondition = "*" | readonly number[];

const LIST = /^"(\d{1,15})"(?:[ \t]*,[ \t]*"(\d{1,15})")*$/;
const LENGTH_MAX = 1_000;

export function entityTag(version: number): string {
  return `"${version}"`;
}

/**
 * Reads `If-Match: "<version>"`, a list of them, or `*`; `undefined` without the header. A weak tag never matches
 * strongly (RFC 9110, section 8.8.3.2), so it is refused like any other text that is no version of ours.
 */
export function parseIfMatch(header: string | undefined): VersionCondition | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (text === "*") return "*";
  if (text.length <= LENGTH_MAX && LIST.test(text))
    return text.split(",").map((tag) => Number(tag.trim().slice(1, -1)));
  const error = {
    path: "/if-match",
    code: "invalid_format",
    message: 'Expected "<version>" or *',
    in: "header",
  } as const;
  throw new VaultError("invalid_request", "The header If-Match is not a version.", { errors: [error] });
}

/** What services take: undefined stands for any version, which `*` asks for too. */
export function expectedVersion(condition: VersionCondition | undefined): readonly number[] | undefined {
  return condition === "*" ? undefined : condition;
}
