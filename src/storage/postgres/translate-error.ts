import { VaultError } from "../../errors.ts";
import { ConstraintViolation } from "./sql-database.ts";

/**
 * What a failed statement or connection means to the vault. The only place that knows the codes of PostgreSQL,
 * of the socket and of the driver; PGlite speaks the same protocol and needs nothing of its own.
 *
 * Neither the message nor the cause carries a customer's value, and the message names no host, user or password.
 */
export function translateError(error: unknown): VaultError | ConstraintViolation {
  if (error instanceof VaultError || error instanceof ConstraintViolation) return error;
  const fault = faultOf(error);
  const cause = withoutValues(fault, error);
  const rule = fault.sqlState === undefined ? undefined : CONSTRAINT_RULES[fault.sqlState];
  if (rule) return new ConstraintViolation(fault.constraint ?? "unnamed", rule, cause);
  switch (meaningOf(fault)) {
    case "unavailable":
      return new VaultError("storage_unavailable", "The database cannot be reached.", { cause });
    case "timeout":
      return new VaultError("storage_timeout", "The database did not answer in time.", { cause });
    case "conflict":
      return new VaultError("write_conflict", "Concurrent writers got in each other's way.", { cause });
    case "refused":
      return new VaultError("invalid_configuration", "The database refuses the connection as it is configured.", {
        hint: "Check the user, password, database name and TLS mode of the database URL.",
        details: detailsOf(fault),
        cause,
      });
    default:
      return new VaultError("internal_error", "The database refused a statement of the vault.", {
        details: detailsOf(fault),
        cause,
      });
  }
}

/** Whether the connection that answered with `error` is unusable, or may be, and has to be thrown away. */
export function breaksConnection(error: unknown): boolean {
  const { sqlState } = faultOf(error);
  if (sqlState === undefined) return true;
  return CONNECTION_CLASSES.has(sqlState.slice(0, 2)) || CONNECTION_CODES.has(sqlState);
}

/** The five characters of PostgreSQL's error code, when the server said no itself. */
export function sqlStateOf(error: unknown): string | undefined {
  return faultOf(error).sqlState;
}

/** What the errors of PostgreSQL, of Node's sockets and of the driver have in common. */
interface Fault {
  readonly sqlState: string | undefined;
  /** The server has given itself up, whatever for. */
  readonly isPanic: boolean;
  readonly socketCode: string | undefined;
  readonly constraint: string | undefined;
  readonly message: string;
}

type Meaning = "unavailable" | "timeout" | "conflict" | "refused" | "bug";

const SQL_STATE = /^[0-9A-Z]{5}$/;

const CONSTRAINT_RULES: Readonly<Record<string, ConstraintViolation["rule"]>> = {
  "23502": "not_null",
  "23503": "foreign_key",
  "23505": "unique",
  "23514": "check",
  "23P01": "exclusion",
};

const MEANING_BY_STATE: Readonly<Record<string, Meaning>> = {
  "25006": "unavailable",
  "25P03": "timeout",
  "28000": "refused",
  "28P01": "refused",
  "3D000": "refused",
  "40001": "conflict",
  "40P01": "conflict",
  "55P03": "timeout",
  "57014": "timeout",
  "58000": "unavailable",
  "58030": "unavailable",
};

/** Connection exceptions, shortage of resources and operator intervention. */
const UNAVAILABLE_CLASSES = new Set(["08", "53", "57"]);
const CONNECTION_CLASSES = new Set(["08", "58", "XX"]);
/**
 * Besides sessions that the server ends, two errors of prepared statements: after a change of the schema a
 * connection keeps refusing its old plans, so it must make room for one that prepares them anew.
 */
const CONNECTION_CODES = new Set(["57P01", "57P02", "57P03", "57P05", "25P03", "0A000", "26000", "42P05"]);

/** What Node's sockets and the driver say: a code and a text, or, for the driver's own errors, a text alone. */
const MEANING_BY_TEXT: readonly { readonly pattern: RegExp; readonly meaning: Meaning }[] = [
  {
    pattern:
      /^(ECONN(REFUSED|RESET|ABORTED)|E(HOST|NET)UNREACH|ENETDOWN|EHOSTDOWN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT|EADDRNOTAVAIL|EMFILE) /,
    meaning: "unavailable",
  },
  { pattern: /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/, meaning: "refused" },
  {
    pattern: /Connection terminated|timeout expired|is not queryable|pool after calling end|worker has ended/,
    meaning: "unavailable",
  },
  { pattern: /Query read timeout|timeout exceeded when trying to connect/, meaning: "timeout" },
  { pattern: /SSL connection/, meaning: "refused" },
];

function meaningOf(fault: Fault): Meaning {
  if (fault.isPanic) return "unavailable";
  return fault.sqlState === undefined ? meaningOfDriverError(fault) : meaningOfState(fault.sqlState);
}

function meaningOfState(sqlState: string): Meaning {
  return MEANING_BY_STATE[sqlState] ?? (UNAVAILABLE_CLASSES.has(sqlState.slice(0, 2)) ? "unavailable" : "bug");
}

function meaningOfDriverError({ socketCode, message }: Fault): Meaning {
  const text = socketCode === undefined ? message : `${socketCode} ${message}`;
  return MEANING_BY_TEXT.find(({ pattern }) => pattern.test(text))?.meaning ?? "bug";
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) {
    const message = String(error);
    return { sqlState: undefined, isPanic: false, socketCode: undefined, constraint: undefined, message };
  }
  const { code, constraint, severity } = error as { code?: unknown; constraint?: unknown; severity?: unknown };
  const text = typeof code === "string" ? code : undefined;
  const fromServer = text !== undefined && severity !== undefined && SQL_STATE.test(text);
  return {
    sqlState: fromServer ? text : undefined,
    isPanic: fromServer && severity === "PANIC",
    socketCode: fromServer ? undefined : text,
    constraint: typeof constraint === "string" ? constraint : undefined,
    message: error.message,
  };
}

function detailsOf(fault: Fault): Record<string, unknown> {
  return fault.sqlState === undefined ? {} : { sqlState: fault.sqlState };
}

/**
 * The server quotes rows and parameters in the detail of an error, and in the message of a data exception
 * (class 22). Causes end up in logs, so the copy leaves both out.
 */
function withoutValues(fault: Fault, error: unknown): unknown {
  if (fault.sqlState === undefined) return error;
  const message = fault.sqlState.startsWith("22") ? fault.message.replace(/".*"/s, '"…"') : fault.message;
  const { stack, position, table, column, routine } = error as Error & Record<string, unknown>;
  const copy = new Error(message);
  copy.name = "DatabaseError";
  if (stack !== undefined) copy.stack = stack.replace(fault.message, () => message);
  return Object.assign(copy, { code: fault.sqlState, constraint: fault.constraint, position, table, column, routine });
}
