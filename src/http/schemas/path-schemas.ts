import { z } from "zod";
import type {
  AgentId,
  AuditEventId,
  CustomerId,
  ItemId,
  MergeId,
  ScenarioId,
  SessionId,
  WalletGrantId,
  WalletId,
} from "../../identifiers.ts";
import { fieldName } from "../../schema/input-shape.ts";
import { idSchema } from "../value-schemas.ts";

export const customerPath = z.strictObject({ customerId: idSchema<CustomerId>() });
export const fieldPath = z.strictObject({ customerId: idSchema<CustomerId>(), name: fieldName() });
export const assetPath = z.strictObject({ customerId: idSchema<CustomerId>(), assetId: idSchema<ItemId>() });
export const itemPath = z.strictObject({ itemId: idSchema<ItemId>() });
export const mergePath = z.strictObject({ mergeId: idSchema<MergeId>() });
export const agentPath = z.strictObject({ agentId: idSchema<AgentId>() });
export const definitionPath = z.strictObject({ agentId: idSchema<AgentId>(), name: fieldName() });
export const scenarioPath = z.strictObject({ scenarioId: idSchema<ScenarioId>() });
export const sessionPath = z.strictObject({ sessionId: idSchema<SessionId>() });
export const walletPath = z.strictObject({ walletId: idSchema<WalletId>() });
export const walletGrantPath = z.strictObject({ walletId: idSchema<WalletId>(), grantId: idSchema<WalletGrantId>() });
export const eventPath = z.strictObject({ eventId: idSchema<AuditEventId>() });
