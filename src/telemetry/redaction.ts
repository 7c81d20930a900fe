import { isVaultError } from "../errors.ts";

export const REDACTED = "[redacted]";

const DEPTH_MAX = 4;

/**
 * Names of members that are never written to a log. Log records hold ids only, so this is the second line
 * of defence. Whole words of a name count: `apiKeyId` is an id, `fieldName` is a name.
 */
const SECRET_WORDS = new Set([
  "password",
  "passwd",
  "secret",
  "token",
  "authorization",
  "bearer",
  "cookie",
  "credential",
  "credentials",
  "email",
  "phone",
  "ssn",
  "iban",
  "card",
  "cvv",
  "pin",
  "value",
  "values",
  "body",
  "url",
]);
const SECRET_NAMES = new Set(["key", "apikey", "masterkey", "wrappedkey", "bootstrapkey", "privatekey"]);
const VERDICTS_MAX = 1_000;

export class Redactor {
  /** Names repeat with every line. */
  readonly #verdicts = new Map<string, boolean>();

  /** A copy without the members whose names tell that they hold a secret or personal data. Errors are described. */
  redact(record: object, depth = 0): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(record)) {
      copy[name] = this.#isSecret(name) ? REDACTED : this.#redactMember(member, depth);
    }
    return copy;
  }

  #redactMember(member: unknown, depth: number): unknown {
    if (typeof member !== "object" || member === null) return member;
    if (depth >= DEPTH_MAX) return "[deep]";
    if (member instanceof Error) return describeError(member);
    if (Array.isArray(member)) return member.map((element) => this.#redactMember(element, depth + 1));
    return this.redact(member, depth + 1);
  }

  #isSecret(name: string): boolean {
    let verdict = this.#verdicts.get(name);
    if (verdict === undefined) {
      verdict = isSecretName(name);
      if (this.#verdicts.size < VERDICTS_MAX) this.#verdicts.set(name, verdict);
    }
    return verdict;
  }
}

function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return SECRET_NAMES.has(words.join("")) || words.some((word) => SECRET_WORDS.has(word));
}

export interface ErrorDescription {
  readonly name: string;
  readonly code?: string;
  readonly message?: string;
  readonly stack?: readonly string[];
  readonly cause?: ErrorDescription;
}

const OUR_BUGS = ["TypeError", "RangeError", "ReferenceError"];
const FRAMES_MAX = 20;

/**
 * An error as it may be logged. Drivers and parsers quote values in their messages, so only the texts of our own
 * errors and of the language's are kept; of all others the name, the code and the place.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = (error as { code?: unknown }).code;
  const showsMessage = isVaultError(error) || OUR_BUGS.includes(error.name);
  return {
    name: error.name,
    ...(typeof code === "string" && { code }),
    ...(showsMessage && { message: error.message }),
    stack: framesOf(error),
    ...(error.cause !== undefined && depth < DEPTH_MAX && { cause: describeError(error.cause, depth + 1) }),
  };
}

/** Where the error was made, without the first lines, which repeat its message. */
function framesOf({ stack = "" }: Error): string[] {
  const frames = stack.match(/^ {4}at .+$/gm) ?? [];
  return frames.slice(0, FRAMES_MAX).map((frame) => frame.trim());
}
