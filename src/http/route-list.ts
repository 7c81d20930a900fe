import type { PublicRoute, Route } from "./route.ts";
import { createApiKey } from "./routes/api-keys/create-api-key.ts";
import { getApiKey } from "./routes/api-keys/get-api-key.ts";
import { listApiKeys } from "./routes/api-keys/list-api-keys.ts";
import { revokeApiKey } from "./routes/api-keys/revoke-api-key.ts";
import { addAsset } from "./routes/assets/add-asset.ts";
import { deleteAsset } from "./routes/assets/delete-asset.ts";
import { getAsset } from "./routes/assets/get-asset.ts";
import { getAssetContent } from "./routes/assets/get-asset-content.ts";
import { listAssets } from "./routes/assets/list-assets.ts";
import { getAuditEvent } from "./routes/audit/get-audit-event.ts";
import { listAuditEvents } from "./routes/audit/list-audit-events.ts";
import { invalidateCache } from "./routes/cache/invalidate-cache.ts";
import { deleteCustomer } from "./routes/customers/delete-customer.ts";
import { getCustomer } from "./routes/customers/get-customer.ts";
import { getOrCreateCustomer } from "./routes/customers/get-or-create-customer.ts";
import { linkIdentity } from "./routes/customers/link-identity.ts";
import { listConsents } from "./routes/customers/list-consents.ts";
import { listCustomers } from "./routes/customers/list-customers.ts";
import { listIdentities } from "./routes/customers/list-identities.ts";
import { recordConsent } from "./routes/customers/record-consent.ts";
import { updateCustomer } from "./routes/customers/update-customer.ts";
import { confirmField } from "./routes/fields/confirm-field.ts";
import { deleteField } from "./routes/fields/delete-field.ts";
import { getField } from "./routes/fields/get-field.ts";
import { getFieldHistory } from "./routes/fields/get-field-history.ts";
import { verifyField } from "./routes/fields/verify-field.ts";
import { writeFields } from "./routes/fields/write-fields.ts";
import { detectOrphans } from "./routes/lifecycle/detect-orphans.ts";
import { expireStale } from "./routes/lifecycle/expire-stale.ts";
import { getLineage } from "./routes/lineage/get-lineage.ts";
import { listDependents } from "./routes/lineage/list-dependents.ts";
import { mergeCustomers } from "./routes/merges/merge-customers.ts";
import { undoMerge } from "./routes/merges/undo-merge.ts";
import { health } from "./routes/platform/health.ts";
import { metrics } from "./routes/platform/metrics.ts";
import { ready } from "./routes/platform/ready.ts";
import { getDocket } from "./routes/register/get-docket.ts";
import { getEventReceipt } from "./routes/register/get-event-receipt.ts";
import { getRegister } from "./routes/register/get-register.ts";
import { getReplicationDockets } from "./routes/register/get-replication-dockets.ts";
import { getReplicationHead } from "./routes/register/get-replication-head.ts";
import { getTransaction } from "./routes/register/get-transaction.ts";
import { getTransactionProof } from "./routes/register/get-transaction-proof.ts";
import { listCheckpoints } from "./routes/register/list-checkpoints.ts";
import { listDockets } from "./routes/register/list-dockets.ts";
import { listTransactions } from "./routes/register/list-transactions.ts";
import { proveConsistency } from "./routes/register/prove-consistency.ts";
import { recoverRegister } from "./routes/register/recover-register.ts";
import { verifyRegister } from "./routes/register/verify-register.ts";
import { deleteDefinition } from "./routes/schema/delete-definition.ts";
import { deleteRequirements } from "./routes/schema/delete-requirements.ts";
import { getAgentSettings } from "./routes/schema/get-agent-settings.ts";
import { getDefinition } from "./routes/schema/get-definition.ts";
import { listDefinitions } from "./routes/schema/list-definitions.ts";
import { listMissingFields } from "./routes/schema/list-missing-fields.ts";
import { listRequirements } from "./routes/schema/list-requirements.ts";
import { putAgentSettings } from "./routes/schema/put-agent-settings.ts";
import { putDefinition } from "./routes/schema/put-definition.ts";
import { putRequirements } from "./routes/schema/put-requirements.ts";
import { validateValue } from "./routes/schema/validate-value.ts";
import { deleteSession } from "./routes/sessions/delete-session.ts";
import { getSession } from "./routes/sessions/get-session.ts";
import { listSessions } from "./routes/sessions/list-sessions.ts";
import { openSession } from "./routes/sessions/open-session.ts";
import { updateSession } from "./routes/sessions/update-session.ts";
import { createTenant } from "./routes/tenants/create-tenant.ts";
import { getTenant } from "./routes/tenants/get-tenant.ts";
import { listTenants } from "./routes/tenants/list-tenants.ts";
import { updateTenant } from "./routes/tenants/update-tenant.ts";
import { createWallet } from "./routes/wallets/create-wallet.ts";
import { deleteWallet } from "./routes/wallets/delete-wallet.ts";
import { getWallet } from "./routes/wallets/get-wallet.ts";
import { grantWallet } from "./routes/wallets/grant-wallet.ts";
import { listWalletGrants } from "./routes/wallets/list-wallet-grants.ts";
import { listWallets } from "./routes/wallets/list-wallets.ts";
import { revokeWalletGrant } from "./routes/wallets/revoke-wallet-grant.ts";
import { rotateWalletKey } from "./routes/wallets/rotate-wallet-key.ts";
import { signMessage } from "./routes/wallets/sign-message.ts";
import { updateWallet } from "./routes/wallets/update-wallet.ts";

/** For anybody who reaches the port. */
export const PUBLIC_ROUTES: readonly PublicRoute[] = [health, ready, metrics];

/** In the order of the reference. */
export const ROUTES: readonly Route[] = [
  getOrCreateCustomer,
  listCustomers,
  getCustomer,
  updateCustomer,
  deleteCustomer,
  writeFields,
  getField,
  getFieldHistory,
  verifyField,
  confirmField,
  deleteField,
  listMissingFields,
  addAsset,
  listAssets,
  getAsset,
  getAssetContent,
  deleteAsset,
  getLineage,
  listDependents,
  listIdentities,
  linkIdentity,
  listConsents,
  recordConsent,
  mergeCustomers,
  undoMerge,
  openSession,
  listSessions,
  getSession,
  updateSession,
  deleteSession,
  listDefinitions,
  putDefinition,
  getDefinition,
  deleteDefinition,
  validateValue,
  getAgentSettings,
  putAgentSettings,
  putRequirements,
  listRequirements,
  deleteRequirements,
  expireStale,
  detectOrphans,
  invalidateCache,
  listAuditEvents,
  getAuditEvent,
  getRegister,
  listDockets,
  getDocket,
  listTransactions,
  getTransaction,
  getTransactionProof,
  getEventReceipt,
  proveConsistency,
  listCheckpoints,
  verifyRegister,
  recoverRegister,
  getReplicationHead,
  getReplicationDockets,
  createWallet,
  listWallets,
  getWallet,
  updateWallet,
  deleteWallet,
  rotateWalletKey,
  signMessage,
  grantWallet,
  listWalletGrants,
  revokeWalletGrant,
  createApiKey,
  listApiKeys,
  getApiKey,
  revokeApiKey,
  createTenant,
  listTenants,
  getTenant,
  updateTenant,
];
