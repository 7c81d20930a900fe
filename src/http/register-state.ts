import type { FastifyReply, FastifyRequest } from "fastify";
import type { TenantId } from "../identifiers.ts";
import type { RegisterOperationalState } from "../register/verified/register-condition.ts";
import type { ServerServices } from "./route.ts";

/**
 * Says with every answer about a register, problems too, what the register is doing, so that callers can tell what is not
 * there from what is not verified yet. Who is not authenticated learns nothing.
 */
export function tellRegisterState(services: ServerServices) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const found = request.principal && (await stateOf(services, request.principal.tenantId));
    if (!found) return;
    reply.header("x-register-state", found.state);
    if (found.state === "Initializing") reply.header("x-register-partial", "true");
  };
}

/** `undefined` also when it cannot be told: the answer says why. */
async function stateOf({ vault }: ServerServices, tenantId: TenantId): Promise<RegisterOperationalState | undefined> {
  try {
    return await vault.tenant(tenantId).register.glance();
  } catch {
    return undefined;
  }
}
