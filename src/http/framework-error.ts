import { isVaultError, VaultError } from "../errors.ts";

/** What the web framework throws before a handler runs, by its code, in our terms. */
const TRANSLATIONS: Readonly<Record<string, () => VaultError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new VaultError("payload_too_large", "The body is larger than the limit."),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new VaultError("unsupported_media_type", "The body has a content type that this route does not take."),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new VaultError("invalid_request", "The body is not as long as announced."),
  FST_ERR_BAD_URL: () => new VaultError("invalid_request", "The path is not a valid one."),
  FST_ERR_MAX_PARAM_LENGTH: () => new VaultError("invalid_request", "A part of the path is too long."),
  FST_ERR_NOT_FOUND: () => new VaultError("route_not_found", "There is no such path, or not with this method."),
};

/** The error as one of ours where it is the caller's doing; everything else stays what it is, a bug. */
export function translateFrameworkError(error: unknown): unknown {
  if (isVaultError(error) || !(error instanceof Error)) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const translation = typeof code === "string" && Object.hasOwn(TRANSLATIONS, code) ? TRANSLATIONS[code] : undefined;
  if (translation) return translation();
  if (statusCode === 413)
    return new VaultError("payload_too_large", "The body or a part of it is larger than the limit.");
  const isCallers = typeof statusCode === "number" && statusCode >= 400 && statusCode < 500;
  return isCallers ? new VaultError("invalid_request", "The request cannot be read.", { cause: error }) : error;
}
