import type { RegisteredCode } from "./error-kind.ts";

/** Codes of the storage tiers and of opening them; a part of the registry. */
export const STORAGE_CODES = {
  invalid_filter: {
    kind: "invalid_input",
    cause: "A filter or an order names no such property, is too large, or has a value its operator cannot take.",
    remedy: "See `detail`.",
  },
  record_not_found: {
    kind: "not_found",
    cause: "No such record or document in this tenant.",
    remedy: "Query for it.",
  },
  record_exists: {
    kind: "already_exists",
    cause: "A record with this id, or with the values that `rule` keeps unique, exists.",
    remedy: "Choose other values, or update the record that has them.",
  },
  immutable_record: {
    kind: "conflict",
    cause: "The log has another record at this place; records are never replaced.",
    remedy: "Read the record that is there: two writers disagree about history.",
  },
  sequence_conflict: {
    kind: "conflict",
    retryable: true,
    cause: "The record would not be the next one of its log.",
    remedy: "Read the head of the log and append after it.",
  },
  invalid_configuration: {
    kind: "invalid_input",
    cause: "The configuration has unknown keys or bad values.",
    remedy: "Correct the places listed in `errors`.",
  },
  data_directory_in_use: {
    kind: "unavailable",
    cause: "Another process has this data directory open; two would corrupt it.",
    remedy: "Stop the other process, choose another directory, or use a PostgreSQL server.",
  },
  database_too_new: {
    kind: "unavailable",
    cause: "The database was migrated by a newer program.",
    remedy: "Start the newer program, or migrate down with it first.",
  },
  database_too_old: {
    kind: "unavailable",
    cause: "The PostgreSQL server is older than 14, or lacks what the vault needs.",
    remedy: "Use PostgreSQL 14 or newer.",
  },
  database_not_migrated: {
    kind: "unavailable",
    cause: "The database has pending migrations.",
    remedy: "Run `strongroom migrate up`.",
  },
  server_too_old: {
    kind: "unavailable",
    cause: "A server of a storage tier is older than what the vault needs, or lacks a feature of it.",
    remedy: "See `found` and `required`.",
  },
  migration_failed: {
    kind: "internal",
    cause: "A migration step failed and was rolled back.",
    remedy: "See the cause; the database is as it was before the step.",
  },
  master_key_missing: {
    kind: "integrity",
    cause: "The database holds encrypted values, but the key that wraps them is missing or another one.",
    remedy: "Give the original key in STRONGROOM_MASTER_KEY or restore master.key in the data directory.",
  },
  storage_unavailable: {
    kind: "unavailable",
    retryable: true,
    cause: "A storage engine cannot be reached, or has more to do than it may be given.",
    remedy: "Repeat the request; the vault recovers by itself.",
  },
  storage_timeout: {
    kind: "timeout",
    retryable: true,
    cause: "A storage engine did not answer in time.",
    remedy: "Repeat the request.",
  },
  closed: {
    kind: "unavailable",
    cause: "The vault was closed.",
    remedy: "Open it again.",
  },
  aborted: {
    kind: "timeout",
    cause: "The caller gave up.",
    remedy: "None needed.",
  },
  integrity_violation: {
    kind: "integrity",
    cause: "Stored data does not match its checksum or key.",
    remedy: "Restore it from a copy; do not trust it.",
  },
} as const satisfies Record<string, RegisteredCode>;
