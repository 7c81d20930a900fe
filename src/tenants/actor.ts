import type { ApiKeyId } from "../identifiers.ts";
import type { Role } from "./role.ts";

/** Who did something, as the audit register names them. */
export type Actor =
  | { readonly type: "api_key"; readonly id: ApiKeyId; readonly role: Role }
  | { readonly type: "system"; readonly id: null; readonly role: null };

export const SYSTEM_ACTOR: Actor = { type: "system", id: null, role: null };

/** The circumstances of one call: they go into the audit events it appends and decide what it may see. */
export interface CallContext {
  readonly actor: Actor;
  readonly requestId: string | null;
  /** False hides values of fields flagged as personal data. */
  readonly mayReadPii: boolean;
}

export const SYSTEM_CONTEXT: CallContext = { actor: SYSTEM_ACTOR, requestId: null, mayReadPii: true };
