import type { RegisteredCode } from "./error-kind.ts";
import { REGISTER_CODES } from "./register-codes.ts";
import { STORAGE_CODES } from "./storage-codes.ts";

/** The registry of error codes is their documentation: codes are stable, texts may improve. */
export const ERROR_CODES = {
  invalid_request: {
    kind: "invalid_input",
    cause: "The request does not have the documented shape.",
    remedy: "Correct the places listed in `errors`.",
  },
  invalid_cursor: {
    kind: "invalid_input",
    cause: "The cursor was not issued by this list, or its filters changed.",
    remedy: "Start again without a cursor.",
  },
  invalid_value: {
    kind: "invalid_input",
    cause: "A value cannot be stored: not JSON, too deep, or holds text PostgreSQL cannot keep.",
    remedy: "Send JSON without NUL characters, lone surrogates or reserved keys.",
  },
  invalid_definition: {
    kind: "invalid_input",
    cause: "A field definition contradicts itself, or its pattern does not compile.",
    remedy: "Correct the places listed in `errors`.",
  },
  invalid_requirement: {
    kind: "invalid_input",
    cause: "A requirement contradicts itself, or its condition does not compile.",
    remedy: "Correct the places listed in `errors`.",
  },
  schema_validation_failed: {
    kind: "invalid_input",
    cause: "A value breaks its field definition and the mode is strict.",
    remedy: "Correct the fields listed in `results`; nothing was written.",
  },
  lineage_cycle: {
    kind: "invalid_input",
    cause: "An item would be its own source, directly or through others.",
    remedy: "Name only sources that do not derive from the new item.",
  },
  source_not_found: {
    kind: "invalid_input",
    cause: "A named source item does not exist in this tenant, or was deleted.",
    remedy: "Record the source first, or name it as `external`.",
  },
  checksum_mismatch: {
    kind: "invalid_input",
    cause: "The uploaded bytes do not have the announced SHA-256.",
    remedy: "Send the file again.",
  },
  unauthenticated: {
    kind: "unauthenticated",
    cause: "No API key was sent, or it is unknown, expired or revoked.",
    remedy: "Send `Authorization: Bearer <API key>` with a current key.",
  },
  forbidden: {
    kind: "forbidden",
    cause: "The role of this API key does not allow the operation.",
    remedy: "Use a key whose role has the permission named in `permission`.",
  },
  wallet_purpose_not_allowed: {
    kind: "forbidden",
    cause: "The wallet is not for messages of this kind.",
    remedy: "Use a wallet whose `purposes` name the kind.",
  },
  route_not_found: {
    kind: "not_found",
    cause: "No such path, or not with this method.",
    remedy: "See /docs.",
  },
  customer_not_found: {
    kind: "not_found",
    cause: "No such customer in this tenant.",
    remedy: "Look the customer up by channel identity or external id.",
  },
  customer_merged: {
    kind: "not_found",
    cause: "The customer was merged into another one.",
    remedy: "Use the customer named in `mergedInto`.",
  },
  field_not_found: {
    kind: "not_found",
    cause: "The customer has no such field in the asked status.",
    remedy: "Ask with `status=any`, or read the history.",
  },
  asset_not_found: {
    kind: "not_found",
    cause: "The customer has no such asset.",
    remedy: "List the customer's assets.",
  },
  asset_content_not_found: {
    kind: "not_found",
    cause: "The asset's bytes are held elsewhere.",
    remedy: "Read the asset's `storageProvider` and `storagePath`.",
  },
  item_not_found: {
    kind: "not_found",
    cause: "No field version or asset has this id in this tenant.",
    remedy: "Use an id returned by a read of the profile.",
  },
  merge_not_found: {
    kind: "not_found",
    cause: "No such merge in this tenant, or it was undone.",
    remedy: "Use the `mergeId` the merge answered with.",
  },
  definition_not_found: {
    kind: "not_found",
    cause: "The agent has no such field definition.",
    remedy: "List the agent's definitions.",
  },
  tenant_not_found: { kind: "not_found", cause: "No such tenant.", remedy: "List the tenants." },
  api_key_not_found: {
    kind: "not_found",
    cause: "No such API key in this tenant.",
    remedy: "List the tenant's API keys.",
  },
  session_not_found: {
    kind: "not_found",
    cause: "No such session in this tenant, or it has expired.",
    remedy: "Open a new session with POST /v1/sessions.",
  },
  wallet_not_found: {
    kind: "not_found",
    cause: "No such wallet in this tenant, or the caller may not know of it.",
    remedy: "List the wallets, or ask the owner for a grant.",
  },
  wallet_grant_not_found: {
    kind: "not_found",
    cause: "The wallet has no such grant.",
    remedy: "List the wallet's grants.",
  },
  external_id_taken: {
    kind: "already_exists",
    cause: "Another customer of the tenant has this external id.",
    remedy: "Merge the two customers, or use another id.",
  },
  identity_taken: {
    kind: "already_exists",
    cause: "Another customer owns this channel identity.",
    remedy: "Merge the two customers, or unlink the identity there.",
  },
  item_exists: {
    kind: "already_exists",
    cause: "An item with this id exists already.",
    remedy: "Leave the id out, or choose a new UUID.",
  },
  active_field_exists: {
    kind: "already_exists",
    cause: "The field has an active version and superseding was not allowed.",
    remedy: "Allow superseding, or write another field.",
  },
  tenant_exists: {
    kind: "already_exists",
    cause: "A tenant with this slug exists.",
    remedy: "Choose another slug.",
  },
  api_key_exists: {
    kind: "already_exists",
    cause: "This API key is registered already.",
    remedy: "Choose another key.",
  },
  audit_event_exists: {
    kind: "already_exists",
    cause: "The audit journal has an event with this id; it is never overwritten.",
    remedy: "Give every event an id of its own.",
  },
  last_admin_key: {
    kind: "conflict",
    cause: "The key is the only one that can administer the tenant.",
    remedy: "Create another administrator key first.",
  },
  has_dependents: {
    kind: "conflict",
    cause: "Other items derive from this one, so it cannot be removed physically.",
    remedy: "Delete without `hard`, which keeps a tombstone.",
  },
  merge_not_possible: {
    kind: "conflict",
    cause: "The two customers cannot be merged, or the merge cannot be undone any more.",
    remedy: "See `detail`.",
  },
  wallet_not_active: {
    kind: "conflict",
    cause: "The wallet is archived, locked or deleted.",
    remedy: "Make it active again, or use another wallet.",
  },
  wallet_status_conflict: {
    kind: "conflict",
    cause: "The wallet's status does not lead to the one asked for.",
    remedy: "Read the wallet: `status` is what it is now. What is deleted stays deleted.",
  },
  write_conflict: {
    kind: "conflict",
    retryable: true,
    cause: "Other writers changed the same thing while this write was prepared.",
    remedy: "Repeat the request.",
  },
  idempotency_key_in_use: {
    kind: "conflict",
    retryable: true,
    cause: "The first request with this idempotency key is still running and did not end in time.",
    remedy: "Repeat the request a little later.",
  },
  idempotency_key_reused: {
    kind: "invalid_input",
    cause: "The idempotency key was used before for another request.",
    remedy: "Use a new key for a new request.",
  },
  version_mismatch: {
    kind: "precondition_failed",
    cause: "The resource changed since the version named in `If-Match`.",
    remedy: "Read it again and decide anew.",
  },
  payload_too_large: {
    kind: "limit_exceeded",
    cause: "The body or file is larger than the configured limit.",
    remedy: "Send less, or raise the limit.",
  },
  limit_exceeded: {
    kind: "limit_exceeded",
    cause: "A documented limit was passed.",
    remedy: "The answer names the limit.",
  },
  unsupported_media_type: {
    kind: "unsupported",
    cause: "The body has a content type this route does not take.",
    remedy: "Send application/json, or multipart/form-data for uploads.",
  },
  file_not_readable: {
    kind: "not_found",
    cause: "A file that a command was given cannot be read.",
    remedy: "Check its name and who may read it.",
  },
  file_not_writable: {
    kind: "invalid_input",
    cause: "A file that a command was to write cannot be written.",
    remedy: "Check its folder, and who may write there.",
  },
  server_unreachable: {
    kind: "unavailable",
    retryable: true,
    cause: "No Strongroom answers at the address.",
    remedy: "Check the address, and that the server runs.",
  },
  unsupported: {
    kind: "unsupported",
    cause: "This engine or configuration cannot do it.",
    remedy: "See `detail`.",
  },
  internal_error: {
    kind: "internal",
    cause: "A bug in Strongroom.",
    remedy: "Report it with the request id.",
  },
  ...REGISTER_CODES,
  ...STORAGE_CODES,
} as const satisfies Record<string, RegisteredCode>;

export type ErrorCode = keyof typeof ERROR_CODES;
