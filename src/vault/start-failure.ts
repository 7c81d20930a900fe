import { ERROR_CODES } from "../codes.ts";
import { pointerOf } from "../config/config-tree.ts";
import { TIER_PATHS, type Tier } from "../config/engine-settings.ts";
import { isVaultError, VaultError } from "../errors.ts";

/** A tier that could not be opened. */
export interface TierFailure {
  readonly tier: Tier;
  readonly engine: string;
  readonly error: unknown;
}

/**
 * All that stands in the way of a start, as one error: the code is that of the first tier, and `errors` lists them all. A
 * failure that is no `VaultError` is a bug and comes back as it is.
 */
export function startFailure(failures: readonly [TierFailure, ...TierFailure[]]): unknown {
  const bug = failures.find(({ error }) => !isVaultError(error));
  if (bug) return bug.error;
  const [first] = failures;
  const cause = first.error as VaultError;
  if (failures.length === 1) {
    const { message, details, errors } = cause;
    return new VaultError(cause.code, message, { cause, details, errors, hint: startHint(first, cause) });
  }
  return new VaultError(cause.code, `${failures.length} storage tiers cannot be opened.`, {
    cause,
    errors: failures.map((failure) => {
      const { code, message } = failure.error as VaultError;
      return {
        path: pointerOf(sectionOf(failure)),
        code,
        message: `${message} ${startHint(failure, failure.error as VaultError)}`,
      };
    }),
    hint: "Each line says what to do; `strongroom doctor` looks again without starting anything.",
  });
}

/** What to do about a tier that cannot be opened: a remedy that is for requests says nothing about a start. */
export function startHint(failure: Omit<TierFailure, "error">, { code, hint }: VaultError): string {
  if (hint !== undefined) return hint;
  if (code !== "storage_unavailable" && code !== "storage_timeout") return ERROR_CODES[code].remedy;
  return `Start its server, or correct the address in ${sectionOf(failure)}.`;
}

function sectionOf({ tier, engine }: Omit<TierFailure, "error">): string {
  return `${TIER_PATHS[tier]}.${engine}`;
}
