import { VaultError } from "../../errors.ts";
import { textProblem } from "../../json.ts";

/** Code units of a key or a tag. */
export const CACHE_KEY_LENGTH_MAX = 512;
/** Code units of a pattern: every character of the longest key, each behind a backslash. */
export const CACHE_PATTERN_LENGTH_MAX = 2 * CACHE_KEY_LENGTH_MAX;
export const CACHE_TAGS_MAX = 16;
/** Keys of one `getMany` or `removeMany`. */
export const CACHE_BATCH_MAX = 1_000;
/** How long an entry lives when neither the caller nor the configuration says. */
export const CACHE_TTL_DEFAULT_MS = 900_000;

/** @throws `invalid_value` for a text that is no key */
export function requireCacheKey(key: string): void {
  requireText(key, "key", CACHE_KEY_LENGTH_MAX);
}

/** @throws `invalid_value` for a text that is no key, `limit_exceeded` for too many of them */
export function requireCacheKeys(keys: readonly string[]): void {
  if (keys.length > CACHE_BATCH_MAX) {
    throw new VaultError("limit_exceeded", `A call of the cache takes at most ${CACHE_BATCH_MAX} keys.`, {
      details: { limit: CACHE_BATCH_MAX, found: keys.length },
    });
  }
  for (const key of keys) requireCacheKey(key);
}

export function requireCacheTag(tag: string): void {
  requireText(tag, "tag", CACHE_KEY_LENGTH_MAX);
}

/** The tags without repetitions, in the order given. @throws `invalid_value` */
export function requireCacheTags(tags: readonly string[] | undefined): readonly string[] {
  if (tags === undefined || tags.length === 0) return NO_TAGS;
  for (const tag of tags) requireCacheTag(tag);
  const distinct = [...new Set(tags)];
  if (distinct.length > CACHE_TAGS_MAX) throw invalidValue(`An entry of the cache has at most ${CACHE_TAGS_MAX} tags.`);
  return distinct;
}

/** The life in milliseconds, `undefined` for ever. @throws `invalid_value` for what is no whole number from 1 on */
export function requireCacheTtl(ttl: number | "none"): number | undefined {
  if (ttl === "none") return undefined;
  if (!Number.isSafeInteger(ttl) || ttl < 1 || ttl > CACHE_TTL_MAX_MS) {
    throw invalidValue(`A life in the cache is a whole number of milliseconds from 1 to ${CACHE_TTL_MAX_MS}.`);
  }
  return ttl;
}

/** What a counter is changed by, 1 when left out. @throws `invalid_value` for what is no safe integer */
export function requireCounterDelta(delta: number | undefined): number {
  if (delta === undefined) return 1;
  // Zero has one sign in every engine.
  if (Number.isSafeInteger(delta)) return delta + 0;
  throw invalidValue("A counter is changed by a safe integer.");
}

export function requireText(text: string, what: string, lengthMax: number): void {
  if (typeof text !== "string" || text.length === 0 || text.length > lengthMax) {
    throw invalidValue(`A ${what} of the cache is a text of 1 to ${lengthMax} characters.`);
  }
  const problem = textProblem(text);
  if (problem) throw invalidValue(`A ${what} of the cache ${problem}.`);
}

function invalidValue(message: string): VaultError {
  return new VaultError("invalid_value", message);
}

const NO_TAGS: readonly string[] = Object.freeze([]);
/** A hundred years: the sum with any time of a clock stays a safe integer. */
const CACHE_TTL_MAX_MS = 3_155_760_000_000;
