export type { Clock, Instant } from "./clock.ts";
export { ERROR_CODES, type ErrorCode } from "./codes.ts";
export type { ConfigInput } from "./config/config-schema.ts";
export { type ErrorItem, type ErrorKind, isVaultError, VaultError } from "./errors.ts";
export type { IdGenerator, TenantId } from "./identifiers.ts";
export type { VaultEvents } from "./telemetry/events.ts";
export { createHostEvents } from "./telemetry/host-events.ts";
export type { Logger } from "./telemetry/logger.ts";
export { openVault, type Vault, type VaultDependencies } from "./vault.ts";
