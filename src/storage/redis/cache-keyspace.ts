import { ANY_ONE, ANY_RUN, type Glob } from "../cache/glob.ts";

/** Hexadecimal characters of an epoch, and of a nonce. */
export const NONCE_LENGTH = 16;

/**
 * The names of keys. What belongs together in one step of a cluster shares the part in braces, and with it the slot.
 * The colon after the brace keeps that part from being empty, which would let the whole name choose the slot.
 */
export class CacheKeyspace {
  readonly generation: string;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.generation = `${prefix}cache:generation`;
  }

  entry(epoch: string, key: string): string {
    return `${this.#prefix}cache:${epoch}:v{:${key}}`;
  }

  nonce(epoch: string, key: string): string {
    return `${this.#prefix}cache:${epoch}:n{:${key}}`;
  }

  tagNonce(epoch: string, tag: string): string {
    return `${this.#prefix}cache:${epoch}:m{:${tag}}`;
  }

  tagIndex(epoch: string, tag: string): string {
    return `${this.#prefix}cache:${epoch}:t{:${tag}}`;
  }

  counter(key: string): string {
    return `${this.#prefix}counter{:${key}}`;
  }

  /** The key that an entry's name was made of. */
  keyOf(epoch: string, entry: string): string {
    return entry.slice(this.entry(epoch, "").length - 1, -1);
  }

  /** The epoch of a name that carries one. */
  epochOf(name: string): string {
    const start = this.#prefix.length + "cache:".length;
    return name.slice(start, start + NONCE_LENGTH);
  }

  /**
   * A pattern of Redis for a superset of the entries that match: its `?` is one byte, so it asks for any run instead.
   */
  patternOf(epoch: string, glob: Glob): string {
    const start = escapePattern(`${this.#prefix}cache:${epoch}:v{:`);
    const runs = glob.tokens.map((token) => (token === ANY_RUN || token === ANY_ONE ? "*" : escapePattern(token)));
    return `${start}${runs.join("")}}`;
  }

  /** A pattern of Redis for everything that carries an epoch. */
  get patternOfAll(): string {
    return `${escapePattern(`${this.#prefix}cache:`)}${"?".repeat(NONCE_LENGTH)}:*`;
  }
}

function escapePattern(text: string): string {
  return text.replace(/[*?[\]\\]/g, "\\$&");
}
