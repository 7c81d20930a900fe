import type { ErrorCode } from "../../codes.ts";
import { VaultError } from "../../errors.ts";

/**
 * A unique index said no. Not a `VaultError`: only the store knows what the index means to the caller. Servers
 * that do not tell which index it was leave `index` out.
 */
export class DuplicateKey extends Error {
  override readonly name = "DuplicateKey";
  readonly index: string | undefined;

  constructor(index: string | undefined) {
    super("A unique index refused the write");
    this.index = index;
  }
}

/**
 * What a rejection of the driver means to the vault. Its errors carry documents and keys of customers, so none
 * becomes a cause: only its name and its code go on.
 */
export function translateError(error: unknown): VaultError | DuplicateKey {
  if (error instanceof VaultError || error instanceof DuplicateKey) return error;
  const fault = faultOf(error);
  if (isDuplicate(fault)) return new DuplicateKey(DUPLICATE_INDEX.exec(fault.message)?.[1]);
  const { code, text, hint } = TRANSLATIONS[meaningOf(fault)];
  const details = { driverError: fault.name, ...(fault.code !== undefined && { driverCode: fault.code }) };
  return new VaultError(code, text, { details, ...(hint !== undefined && { hint }) });
}

/** The server or a switch on the way ended a transaction that may succeed when it is run again. */
export function isTransient(error: unknown): boolean {
  return faultOf(error).labels.includes("TransientTransactionError");
}

/** A server said no, rather than a network or a driver. */
export function isRefusal(error: unknown): boolean {
  const { name, code } = faultOf(error);
  return name === "MongoServerError" && code !== undefined && MEANING_BY_CODE[code] === undefined;
}

interface Fault {
  readonly name: string;
  readonly code: number | undefined;
  readonly message: string;
  readonly labels: readonly string[];
}

type Meaning = "unavailable" | "timeout" | "conflict" | "refused" | "aborted" | "too_large" | "bug";

interface Translation {
  readonly code: ErrorCode;
  readonly text: string;
  readonly hint?: string;
}

const TRANSLATIONS: Readonly<Record<Meaning, Translation>> = {
  unavailable: { code: "storage_unavailable", text: "MongoDB cannot be reached or does not serve." },
  timeout: { code: "storage_timeout", text: "MongoDB did not answer in time." },
  conflict: { code: "write_conflict", text: "Concurrent writers got in each other's way." },
  aborted: { code: "aborted", text: "The caller gave up." },
  too_large: { code: "limit_exceeded", text: "A document is larger than MongoDB stores." },
  refused: {
    code: "invalid_configuration",
    text: "MongoDB refuses the connection as it is configured.",
    hint: "Check the URL, the user, the password and the user's rights.",
  },
  bug: { code: "internal_error", text: "MongoDB refused a command of the vault." },
};

const DUPLICATE_KEY = 11000;
const DUPLICATE_INDEX = /\bindex: (\S+)/;
/** FerretDB reports a unique index that refuses an update as an internal error. */
const DUPLICATE_TEXT = /UNIQUE constraint failed/;

const MEANING_BY_CODE: Readonly<Record<number, Meaning>> = {
  6: "unavailable",
  7: "unavailable",
  8000: "refused",
  13: "refused",
  18: "refused",
  24: "timeout",
  50: "timeout",
  64: "timeout",
  89: "timeout",
  91: "unavailable",
  112: "conflict",
  189: "unavailable",
  202: "timeout",
  251: "conflict",
  262: "timeout",
  10058: "unavailable",
  10107: "unavailable",
  10334: "too_large",
  11600: "unavailable",
  11602: "unavailable",
  13388: "unavailable",
  13435: "unavailable",
  13436: "unavailable",
  17280: "too_large",
};

const MEANING_BY_NAME: Readonly<Record<string, Meaning>> = {
  AbortError: "aborted",
  MongoNetworkTimeoutError: "timeout",
  MongoOperationTimeoutError: "timeout",
  MongoWaitQueueTimeoutError: "timeout",
  MongoNetworkError: "unavailable",
  MongoServerSelectionError: "unavailable",
  MongoPoolClearedError: "unavailable",
  MongoPoolClosedError: "unavailable",
  MongoNotConnectedError: "unavailable",
  MongoServerClosedError: "unavailable",
  MongoTopologyClosedError: "unavailable",
  MongoClientClosedError: "unavailable",
  MongoStalePrimaryError: "unavailable",
  MongoExpiredSessionError: "unavailable",
  MongoUnexpectedServerResponseError: "unavailable",
  MongoParseError: "refused",
  MongoInvalidArgumentError: "refused",
  MongoMissingCredentialsError: "refused",
  MongoMissingDependencyError: "refused",
};

function meaningOf({ name, code, message }: Fault): Meaning {
  if (/ERR_OUT_OF_RANGE|larger than the maximum|object to insert too large/i.test(message)) return "too_large";
  const byCode = code === undefined ? undefined : MEANING_BY_CODE[code];
  return byCode ?? MEANING_BY_NAME[name] ?? "bug";
}

function isDuplicate({ code, message }: Fault): boolean {
  return code === DUPLICATE_KEY || DUPLICATE_TEXT.test(message);
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { name: typeof error, code: undefined, message: "", labels: [] };
  const { code, errorLabels } = error as { code?: unknown; errorLabels?: unknown };
  const labels = Array.isArray(errorLabels) ? (errorLabels as unknown[]).map(String) : [];
  const message = code === "ERR_OUT_OF_RANGE" ? code : error.message;
  return { name: error.name, code: typeof code === "number" ? code : undefined, message, labels };
}
