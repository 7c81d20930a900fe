import { isVaultError, VaultError } from "../errors.ts";

/** What the web framework throws before a handler runs, by its code, in our terms. */
const TRANSLATIONS: Readonly<Record<string, () => VaultError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new VaultError("payload_too_large", "The body is larger than the limit."),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new VaultError("unsupported_media_type", "The body has a content type that this route does not take."),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new VaultError("invalid_request", "The body is not as long as announced."),
  FST_ERR_BAD_URL: () => new VaultError("invalid_request", "The path is not a valid one."),
  FST_ERR_NOT_FOUND: () => new VaultError("route_not_found", "There is no such path, or not with this method."),
};

/** The error as one of ours where it is the caller's doing; everything else stays what it is, a bug. */
export function translateFrameworkError(error: unknown): unknown {
  if (isVaultError(error) || !(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  return (typeof code === "string" && TRANSLATIONS[code]?.()) || error;
}
